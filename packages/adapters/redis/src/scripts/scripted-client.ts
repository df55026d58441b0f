import type { Cluster, Redis } from "ioredis";
import { contributeScript } from "./contribute.ts";
import { writeGroupScript, writeKeyScript } from "./write.ts";

type Argument = string | number | Buffer;

/** The scripts as commands. Each has a fixed number of keys, which is what lets the client put it into a pipeline for the right node. */
export interface Scripts {
  writeKey(args: readonly Argument[]): Promise<unknown>;
  /** For `heads` heads, so twice as many keys. */
  writeGroup(heads: number, args: readonly Argument[]): Promise<unknown>;
  /** Answers bytes. */
  contribute(args: readonly Argument[]): Promise<unknown>;
}

const maxTries = 3;

export function defineScripts(client: Redis | Cluster): Scripts {
  const defined = new Map<string, Command>();
  const command = (name: string, numberOfKeys: number, lua: string, reply = ""): Command => {
    let found = defined.get(name);
    if (found === undefined) {
      client.defineCommand(name, { numberOfKeys, lua });
      found = Reflect.get(client, name + reply) as Command;
      defined.set(name, found);
    }
    return found;
  };

  /** A cluster's node that restarts may be taken for one that knows the script. It says that it does not, and has done nothing. */
  async function run(script: Command, args: readonly Argument[]): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await script.call(client, args);
      } catch (error) {
        const isUnknown = error instanceof Error && error.message.startsWith("NOSCRIPT");
        if (!isUnknown || tries === maxTries) throw error;
      }
    }
  }

  return {
    writeKey: (args) => run(command("ecapWriteKey", 1, writeKeyScript), args),
    writeGroup: (heads, args) =>
      run(command(`ecapWriteGroup${heads}`, 2 * heads, writeGroupScript), args),
    contribute: (args) => run(command("ecapContribute", 2, contributeScript, "Buffer"), args),
  };
}

/** The client takes a list as well: as single arguments, many changes would overflow the stack. */
type Command = (this: Redis | Cluster, args: readonly Argument[]) => Promise<unknown>;
