import type { Clock, StateEntry } from "@ecap/sdk";
import { Cluster, type Redis } from "ioredis";
import type { Requests } from "../client/requests.ts";
import { headOf, type KeyLayout } from "./key-layout.ts";
import { decodeValue } from "./stored-value.ts";

interface ScanContext {
  readonly client: Redis | Cluster;
  readonly layout: KeyLayout;
  readonly clock: Clock;
  readonly requests: Requests;
}

const pageSize = 1_000;

/** Live entries of the prefix: of one group's hash where the prefix reaches past the braces, otherwise of every key of every master. */
export async function* scan(prefix: string, context: ScanContext): AsyncIterable<StateEntry> {
  const head = headOf(prefix);
  if (head !== undefined) {
    yield* scanGroup(head, prefix.slice(head.length), context);
    return;
  }
  const seen = createSeen();
  for (const node of mastersOf(context.client)) yield* scanPlain(node, prefix, seen, context);
  for (const node of mastersOf(context.client)) {
    for await (const found of scanHeads(node, prefix, context))
      if (seen.add(found)) yield* scanGroup(found, "", context);
  }
}

async function* scanGroup(
  head: string,
  prefix: string,
  { client, layout, clock, requests }: ScanContext,
): AsyncIterable<StateEntry> {
  const seen = createSeen();
  const pattern = `${escapeGlob(prefix)}*`;
  let cursor = "0";
  do {
    const from = cursor;
    const [next, flat] = await requests.run(() =>
      client.hscanBuffer(layout.group(head), from, "MATCH", pattern, "COUNT", pageSize),
    );
    cursor = next.toString();
    for (let i = 0; i < flat.length; i += 2) {
      const [field, stored] = [flat[i], flat[i + 1]];
      if (field === undefined || stored === undefined) continue;
      const entry = decodeValue(head + field.toString(), stored, clock.now());
      if (entry !== undefined && seen.add(entry.key)) yield entry;
    }
  } while (cursor !== "0");
}

async function* scanPlain(
  node: Redis,
  prefix: string,
  seen: Seen,
  { layout, clock, requests }: ScanContext,
): AsyncIterable<StateEntry> {
  const base = layout.plain("").length;
  for await (const page of scanNode(node, layout.plain(prefix), requests)) {
    const fresh = page.filter((name) => seen.add(name));
    const stored = await requests.run(() => Promise.all(fresh.map((name) => node.getBuffer(name))));
    for (const [i, name] of fresh.entries()) {
      const bytes = stored[i];
      const entry = bytes && decodeValue(name.slice(base), bytes, clock.now());
      if (entry) yield entry;
    }
  }
}

async function* scanHeads(
  node: Redis,
  prefix: string,
  { layout, requests }: ScanContext,
): AsyncIterable<string> {
  const base = layout.group("").length;
  for await (const page of scanNode(node, layout.group(prefix), requests))
    for (const name of page) yield name.slice(base);
}

async function* scanNode(
  node: Redis,
  prefix: string,
  requests: Requests,
): AsyncIterable<readonly string[]> {
  let cursor = "0";
  do {
    const from = cursor;
    const [next, names] = await requests.run(() =>
      node.scan(from, "MATCH", `${escapeGlob(prefix)}*`, "COUNT", pageSize),
    );
    cursor = next;
    yield names;
  } while (cursor !== "0");
}

export function mastersOf(client: Redis | Cluster): readonly Redis[] {
  return client instanceof Cluster ? client.nodes("master") : [client];
}

interface Seen {
  /** Whether it is new. */
  add(name: string): boolean;
}

/** A scan may answer a key twice while its table changes size. In several sets, for one holds 16 million names at most. */
function createSeen(): Seen {
  const sets: Array<Set<string>> = [new Set()];
  return {
    add(name) {
      if (sets.some((set) => set.has(name))) return false;
      const last = sets.at(-1);
      if (last === undefined || last.size >= 8_000_000) sets.push(new Set([name]));
      else last.add(name);
      return true;
    },
  };
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, String.raw`\$&`);
}
