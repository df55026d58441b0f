import { EcapError } from "../errors/ecap-error.ts";

export interface StateEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Changes with every write of the key; opaque. */
  readonly version: string;
}

export interface StateChange {
  readonly key: string;
  /** `undefined` removes the key. */
  readonly value: Uint8Array | undefined;
  /** Epoch milliseconds of the store's clock from which the key counts as absent. */
  readonly expiresAt?: number;
}

export interface StateGuard {
  readonly key: string;
  readonly expected: string | undefined;
}

/**
 * One sliding window of an entity, kept as buckets: a window reaches from the bucket of `at - windowMs` (exclusive) to the bucket of `at`, so a
 * boundary rounds to less information. One with a delay is seen as of `at - delayMs`, and of the buckets up to then only those that were over by then.
 */
export interface WindowSpec {
  readonly name: string;
  readonly windowMs: number;
  readonly bucketMs: number;
  readonly aggregate: "count" | "sum" | "distinct" | "min" | "max";
  /** What is younger than this is not seen. Windows that differ in length and delay alone share their buckets. Default 0. */
  readonly delayMs?: number;
}

/** The buckets a window sees as of `at`: those whose index `floor(time / bucketMs)` is past `after` and at most `last`. */
export function bucketsOf(
  { windowMs, bucketMs, delayMs }: Pick<WindowSpec, "windowMs" | "bucketMs" | "delayMs">,
  at: number,
): { readonly after: number; readonly last: number } {
  if (!delayMs)
    return { after: Math.floor((at - windowMs) / bucketMs), last: Math.floor(at / bucketMs) };
  const seenAt = Math.floor(at - delayMs);
  // The bucket that ends with this very millisecond is over.
  return {
    after: Math.floor((seenAt - windowMs) / bucketMs),
    last: Math.floor((seenAt + 1) / bucketMs) - 1,
  };
}

/** How far back a window sees, milliseconds. */
export function reachOf({ windowMs, delayMs = 0 }: WindowSpec): number {
  return windowMs + delayMs;
}

export interface Contribution {
  /** The entity, for example `fraud/acme/card/4711`. */
  readonly key: string;
  /** Id of the event; one that already contributed to this key changes nothing. */
  readonly id: string;
  /** Event time, epoch milliseconds: chooses the bucket. */
  readonly at: number;
  readonly windows: readonly WindowSpec[];
  /** What each window takes in, in the order of `windows`: a number (sum, min, max), a string (distinct), anything for count; undefined: this window takes nothing. */
  readonly values: ReadonlyArray<number | string | undefined>;
}

export interface WindowTotals {
  /** False where the id had contributed before. */
  readonly applied: boolean;
  /** Totals as of `at` without this event, in the order of `windows`; 0 for an empty count, sum or distinct; undefined for an empty min or max.
   * Where the id had contributed before: the totals it was given then, kept as long as the id is; with other windows than then, those of `after`. */
  readonly before: ReadonlyArray<number | undefined>;
  /** Totals as of `at` with this event, as they are now. */
  readonly after: ReadonlyArray<number | undefined>;
}

/**
 * State by key. Keys are strings of / separated parts, the tenant among them. Keys with the same text in their first braces, as in
 * `topology/{live/transactions/3}/w/1`, are one group and can be written together; a scan whose prefix reaches past the braces reads that group alone.
 *
 * - Writes are atomic a key, those of `writeGroup` together. `compareAndSet` and `contribute` see each other's effect as soon as they resolve.
 * - A write resolves when it is visible; `flush` resolves when everything visible is durable. After a crash the store holds a prefix of what
 *   was written, at least up to the last `flush`.
 * - An expired key is absent. Expiry follows the clock the store was given.
 */
export interface StateStore {
  /** Entries in the order of `keys`; undefined where absent. */
  get(keys: readonly string[]): Promise<ReadonlyArray<StateEntry | undefined>>;
  /** Writes unless the key's version is another than `expected` (undefined: unless it exists); resolves the new version, or undefined where nothing was changed. */
  compareAndSet(change: StateChange, expected: string | undefined): Promise<string | undefined>;
  /** Makes all the changes and resolves the version the written keys now have; or none, and undefined, where the version of `guard.key` is
   * another than `guard.expected` (undefined: where it exists). Keys and guard of more than one group, or of none, are ECAP_STATE_GROUP. */
  writeGroup(changes: readonly StateChange[], guard: StateGuard): Promise<string | undefined>;
  /** Entries whose key begins with `prefix`, in no promised order; each live key that is not written meanwhile exactly once. */
  scan(prefix: string): AsyncIterable<StateEntry>;
  /** Adds an event to an entity's windows once and returns the totals, atomically. */
  contribute(contribution: Contribution): Promise<WindowTotals>;
  flush(): Promise<void>;
}

/** The group a key belongs to: the text in its first braces; undefined where it has none. */
export function stateGroup(key: string): string | undefined {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : undefined;
}

/** The one group of all the keys; several, or none, are ECAP_STATE_GROUP. */
export function oneGroup(keys: Iterable<string>): string {
  const groups = new Set([...keys].map(stateGroup));
  const [group] = groups;
  if (groups.size === 1 && group !== undefined) return group;
  const received = [...groups].map((name) => name ?? "(none)").slice(0, 5);
  throw new EcapError("ECAP_STATE_GROUP", "keys written together must be of one group", {
    received,
  });
}
