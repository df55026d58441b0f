import { setImmediate } from "node:timers/promises";
import { EcapError, jsonOf, type StateStore, updateJson } from "@ecap/sdk";
import {
  blockCount,
  blockOf,
  packBlock,
  type StoredBlock,
  type Term,
} from "../lists/entry-block.ts";
import type { ListView } from "../lists/list-view.ts";
import type { ListHead } from "./rule-head.ts";

export interface ListEntry {
  readonly value: string;
  /** Epoch milliseconds from which it counts. */
  readonly from: number;
  /** Epoch milliseconds from which it counts no more; absent: until it is removed. */
  readonly until?: number;
}

/** What one block holds at most; a list of a million entries has a thousand in each. */
const blockEntries = 2_048;
const largeBlockBytes = 4_096;
/** Blocks read or written at one time. */
const atOnce = 64;

/** What changed in a list, also where not all of it could be written. */
export interface Changed {
  /** Blocks that were written, or may have been. */
  readonly blocks: readonly number[];
  /** By how many entries it grew. */
  readonly added: number;
  /** Why the rest was not written. */
  readonly failure?: unknown;
}

/** How long an entry that expired is still known, to backtests above all. */
const historyMs = 90 * 86_400_000;

const keyOf = (tenant: string, list: string, block: number): string =>
  `fraud/rules/${tenant}/list/${list}/${block}`;

/**
 * Adds entries, in the place of older ones of the same values: one that still counts goes on counting, from when it came. Of the blocks it writes
 * entries are swept out 90 days after they expired, and where there is no room earlier.
 */
export function addEntries(
  store: StateStore,
  at: { readonly tenant: string; readonly list: string; readonly now: number },
  entries: readonly ListEntry[],
): Promise<Changed> {
  return changeBlocks(
    store,
    at,
    entries,
    ({ value }) => value,
    (block, changes) => ({
      ...block,
      ...Object.fromEntries(
        changes.map(({ value, from, until }) => [
          value,
          [Math.min(from, countsSince(block, value, at.now) ?? from), until ?? null],
        ]),
      ),
    }),
  );
}

/** From when on an entry counts that does at a time; undefined: none does. */
function countsSince(block: StoredBlock, value: string, now: number): number | undefined {
  const term = Object.hasOwn(block, value) ? block[value] : undefined;
  return term !== undefined && isLive(term, now) ? term[0] : undefined;
}

export function removeEntries(
  store: StateStore,
  at: { readonly tenant: string; readonly list: string; readonly now: number },
  values: readonly string[],
): Promise<Changed> {
  return changeBlocks(
    store,
    at,
    values,
    (value) => value,
    (block, removed) => {
      const gone = new Set(removed);
      return Object.fromEntries(Object.entries(block).filter(([value]) => !gone.has(value)));
    },
  );
}

async function changeBlocks<Item>(
  store: StateStore,
  { tenant, list, now }: { readonly tenant: string; readonly list: string; readonly now: number },
  items: readonly Item[],
  valueOf: (item: Item) => string,
  change: (block: StoredBlock, items: readonly Item[]) => StoredBlock,
): Promise<Changed> {
  const byBlock = new Map<number, Item[]>();
  for (const item of items) {
    const block = blockOf(valueOf(item));
    const others = byBlock.get(block);
    if (others === undefined) byBlock.set(block, [item]);
    else others.push(item);
  }
  const blocks: number[] = [];
  let added = 0;
  for (const some of portions([...byBlock.keys()])) {
    blocks.push(...some);
    const written = await Promise.allSettled(
      some.map(async (block) => {
        let before = 0;
        const after = await updateJson<StoredBlock>(
          store,
          keyOf(tenant, list, block),
          (current = {}) => {
            before = Object.keys(current).length;
            const next = (since: number): StoredBlock =>
              change(sweep(current, since), byBlock.get(block) ?? []);
            const whole = next(now - historyMs);
            return hasRoom(whole) ? whole : withRoom(list, next(now));
          },
        );
        added += Object.keys(after).length - before;
      }),
    );
    const failed = written.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") return { blocks, added, failure: failed.reason };
  }
  return { blocks, added };
}

function hasRoom(block: StoredBlock): boolean {
  return Object.keys(block).length <= blockEntries;
}

function withRoom(list: string, block: StoredBlock): StoredBlock {
  if (hasRoom(block)) return block;
  throw new EcapError(
    "ECAP_CONFLICT",
    `the list "${list}" is full: it has room for about a million entries`,
  );
}

function isLive([, until]: Term, at: number): boolean {
  return until === null || until > at;
}

/** Without what expired up to then. */
function sweep(block: StoredBlock, until: number): StoredBlock {
  return Object.fromEntries(Object.entries(block).filter(([, term]) => isLive(term, until)));
}

/** Brings a view up to the list's head, by the blocks changed since where these are known. */
export async function refreshView(
  store: StateStore,
  tenant: string,
  list: string,
  { head, view }: { readonly head: ListHead; readonly view: ListView },
): Promise<void> {
  if (view.revision >= head.revision) return;
  const blocks =
    view.revision >= head.since
      ? [
          ...new Set(
            head.touched.filter(([revision]) => revision > view.revision).map(([, block]) => block),
          ),
        ]
      : Array.from({ length: blockCount }, (_, block) => block);
  const read = new Map<number, ReturnType<typeof packBlock>>();
  for (const some of portions(blocks)) {
    const entries = await store.get(some.map((block) => keyOf(tenant, list, block)));
    for (const [i, block] of some.entries()) {
      const entry = entries[i];
      read.set(block, packBlock(entry === undefined ? {} : (jsonOf(entry.value) as StoredBlock)));
      // Decisions are made meanwhile: a block of a long list takes a millisecond.
      if ((entry?.value.length ?? 0) > largeBlockBytes) await setImmediate();
    }
  }
  // Somebody else may have shown a newer list meanwhile.
  if (view.revision < head.revision) view.replace(read, head.revision);
}

/** Entries in the order of their blocks, from a block on; `next` is the block to go on with. */
export async function readEntries(
  store: StateStore,
  {
    tenant,
    list,
    limit,
    from,
  }: {
    readonly tenant: string;
    readonly list: string;
    readonly limit: number;
    readonly from: number;
  },
): Promise<{ readonly entries: readonly ListEntry[]; readonly next?: number }> {
  const found: ListEntry[] = [];
  for (let block = from; block < blockCount; block += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, blockCount - block) }, (_, i) => block + i);
    const stored = await store.get(some.map((each) => keyOf(tenant, list, each)));
    for (const [i, entry] of stored.entries()) {
      if (found.length >= limit) return { entries: found, next: block + i };
      if (entry === undefined) continue;
      for (const [value, term] of Object.entries(jsonOf(entry.value) as StoredBlock))
        found.push(toEntry(value, term));
    }
  }
  return { entries: found };
}

function toEntry(value: string, [from, until]: Term): ListEntry {
  return { value, from, ...(until !== null && { until }) };
}

function* portions<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < items.length; i += atOnce) yield items.slice(i, i + atOnce);
}
