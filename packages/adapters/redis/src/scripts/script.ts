import { createHash } from "node:crypto";
import type { Cluster, Redis } from "ioredis";
import { contributeScript } from "./contribute.ts";
import { writeGroupScript, writeKeyScript } from "./write.ts";

type Argument = string | number | Buffer;

interface Script {
  readonly lua: string;
  readonly sha: string;
}

export interface ScriptCall {
  /** All of one hash slot. */
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
}

export const scripts = {
  writeKey: script(writeKeyScript),
  writeGroup: script(writeGroupScript),
  contribute: script(contributeScript),
};

/**
 * Runs a script by its hash, and with its text where the server has not seen it yet; answers bytes.
 *
 * Not a command that the client defines: one that is defined while other commands of the same tick wait in a pipeline is unknown to that
 * pipeline, which then gives every answer after it to the wrong caller (ioredis issue 1931).
 */
export async function runScript(
  client: Redis | Cluster,
  { lua, sha }: Script,
  { keys, args }: ScriptCall,
): Promise<unknown> {
  // One list: as single arguments, many changes would overflow the stack.
  const given = [...keys, ...args.map((each) => (typeof each === "number" ? `${each}` : each))];
  try {
    return await evaluate(client, "evalshaBuffer", [sha, keys.length, given]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return evaluate(client, "evalBuffer", [lua, keys.length, given]);
  }
}

/** Every command of the client has such a twin that answers bytes; its types leave out these two. */
function evaluate(client: Redis | Cluster, method: string, args: unknown[]): Promise<unknown> {
  return Reflect.apply(Reflect.get(client, method), client, args);
}

function script(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}
