import type { StateEntry } from "@ecap/sdk";
import { Cluster, type Redis } from "ioredis";
import type { KeyLayout } from "./key-layout.ts";
import { decodeValue } from "./stored-value.ts";

const chunk = 1_000;

/** Entries in the order of the keys: one command for each group, and one for all keys outside groups (in a cluster: a pipeline for each node). */
export async function readEntries(
  keys: readonly string[],
  { client, layout, now }: { client: Redis | Cluster; layout: KeyLayout; now: number },
): Promise<Array<StateEntry | undefined>> {
  const found = new Map<string, StateEntry>();
  const plain: string[] = [];
  const fields = new Map<string, Array<{ readonly key: string; readonly field: string }>>();
  for (const key of new Set(keys)) {
    const place = layout.place(key);
    if (place.kind === "plain") plain.push(key);
    else {
      const same = fields.get(place.head);
      if (same === undefined) fields.set(place.head, [{ key, field: place.field }]);
      else same.push({ key, field: place.field });
    }
  }
  const take = (key: string, stored: Buffer | null | undefined): void => {
    const entry = stored ? decodeValue(key, stored, now) : undefined;
    if (entry !== undefined) found.set(key, entry);
  };
  const reads: Array<Promise<void>> = [];
  for (const some of chunks(plain)) {
    reads.push(
      readPlain(
        some.map((key) => layout.plain(key)),
        client,
      ).then((all) => all.forEach((stored, i) => take(some[i] ?? "", stored))),
    );
  }
  for (const [head, own] of fields) {
    for (const some of chunks(own)) {
      const names = some.map(({ field }) => field);
      const read = client.hmgetBuffer(layout.group(head), ...names);
      reads.push(read.then((all) => all.forEach((stored, i) => take(some[i]?.key ?? "", stored))));
    }
  }
  await Promise.all(reads);
  return keys.map((key) => found.get(key));
}

function readPlain(
  redisKeys: readonly string[],
  client: Redis | Cluster,
): Promise<Array<Buffer | null>> {
  if (client instanceof Cluster) return Promise.all(redisKeys.map((key) => client.getBuffer(key)));
  return client.mgetBuffer([...redisKeys]);
}

function* chunks<Item>(items: readonly Item[]): Iterable<readonly Item[]> {
  for (let i = 0; i < items.length; i += chunk) yield items.slice(i, i + chunk);
}
