import type { GroupOffsets } from "@ecap/sdk/memory";
import type { Environment } from "../storage/environment.ts";
import type { GroupWriter } from "../storage/group-writer.ts";
import { staged } from "../storage/staged.ts";

/** An offset that a crash loses only means that records come again. */
const lingerMs = 50;

/** Group offsets, written behind with the next transactions. */
export function lmdbGroupOffsets({ meta }: Environment, writer: GroupWriter): GroupOffsets {
  const current = new Map<string, number>();
  let dirty = new Map<string, string[]>();

  writer.add(() => {
    if (dirty.size === 0) return undefined;
    const written = dirty;
    dirty = new Map();
    for (const [name, key] of written) staged(meta.put(key, current.get(name) ?? 0));
    return {
      failed() {
        dirty = new Map([...written, ...dirty]);
      },
    };
  });

  return {
    get(group, { topic, partition }) {
      const key = ["group", group, topic, String(partition)];
      return current.get(key.join("\n")) ?? meta.get(key);
    },
    set(group, { topic, partition }, offset) {
      const key = ["group", group, topic, String(partition)];
      const name = key.join("\n");
      current.set(name, offset);
      dirty.set(name, key);
      writer.schedule(lingerMs);
    },
  };
}
