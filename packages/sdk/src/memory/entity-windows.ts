import { EcapError } from "../errors/ecap-error.ts";
import type { Contribution, WindowSpec, WindowTotals } from "../ports/state-store.ts";

type Bucket = number | Set<string>;

interface Window {
  keepMs: number;
  readonly bucketMs: number;
  /** By index `floor(time / bucketMs)`. */
  readonly buckets: Map<number, Bucket>;
}

/** The buckets of one entity's windows: plain data that a store keeps beside the ids that contributed. */
export interface EntityWindows {
  /** Newest contribution, but never later than the store's clock: a date in the future must not age the rest. */
  latest: number;
  /** The longest window seen. Buckets and ids are kept this much longer than the window, so that an event late by up to that sees whole windows. */
  horizonMs: number;
  /** `latest` when old buckets and ids were last removed. */
  prunedAt: number;
  /** By {@link WindowPlan.keys}. */
  readonly windows: Map<string, Window>;
}

export function emptyEntity(): EntityWindows {
  return { latest: -Infinity, horizonMs: 0, prunedAt: -Infinity, windows: new Map() };
}

/** What a store keeps by the id of a contribution: its event time, which windows it was for, and their totals before it (NaN: undefined). */
export type Contributed = Float64Array;

/** Adds the contribution unless its id is known by `first`, what was kept of it, and returns the totals. Changes `entity` only where it is applied. */
export function contributeTo(
  entity: EntityWindows,
  contribution: Contribution,
  { first, now }: { readonly first: Contributed | undefined; readonly now: number },
): WindowTotals {
  assertContribution(contribution);
  const { at, windows, values } = contribution;
  const horizonMs = windows.reduce((most, each) => Math.max(most, each.windowMs), entity.horizonMs);
  const { keys, signature } = planOf(windows);
  const totals = (): Array<number | undefined> =>
    windows.map((spec, index) => total(entity.windows.get(keys[index] ?? ""), spec, at));
  const before = totals();
  if (at <= entity.latest - 2 * horizonMs) return { applied: false, before, after: before };
  if (first !== undefined) {
    return { applied: false, before: beforeOf(first, signature) ?? before, after: before };
  }
  entity.horizonMs = horizonMs;
  entity.latest = Math.max(entity.latest, Math.min(at, now));
  windows.forEach((spec, index) => add(entity, keys[index] ?? "", spec, at, values[index]));
  return { applied: true, before, after: totals() };
}

/** What to keep of a contribution that was applied, so that a repeat gives the same totals before it. */
export function contributedOf(
  { at, windows }: Pick<Contribution, "at" | "windows">,
  { before }: Pick<WindowTotals, "before">,
): Contributed {
  const kept = new Float64Array(2 + before.length);
  kept[0] = at;
  kept[1] = planOf(windows).signature;
  before.forEach((value, index) => {
    kept[2 + index] = value ?? Number.NaN;
  });
  return kept;
}

function beforeOf(kept: Contributed, signature: number): Array<number | undefined> | undefined {
  if (kept[1] !== signature) return undefined;
  return Array.from(kept.subarray(2), (value) => (Number.isNaN(value) ? undefined : value));
}

/** Ids that contributed at or before this time may be forgotten; undefined while there is too little to gain. Removes old buckets. */
export function prune(entity: EntityWindows): number | undefined {
  if (entity.prunedAt === -Infinity) entity.prunedAt = entity.latest;
  if (entity.latest - entity.prunedAt < entity.horizonMs / 2) return undefined;
  entity.prunedAt = entity.latest;
  for (const { buckets, bucketMs, keepMs } of entity.windows.values()) {
    const first = Math.floor((entity.latest - entity.horizonMs - keepMs) / bucketMs);
    for (const index of buckets.keys()) if (index < first) buckets.delete(index);
  }
  return entity.latest - 2 * entity.horizonMs;
}

export function encodeEntity(entity: EntityWindows): string {
  const { latest, horizonMs, prunedAt } = entity;
  const windows = [...entity.windows].map(([name, { keepMs, bucketMs, buckets }]) => [
    name,
    keepMs,
    bucketMs,
    [...buckets].flatMap(([index, bucket]) => [
      index,
      typeof bucket === "number" ? bucket : [...bucket],
    ]),
  ]);
  return JSON.stringify([latest, horizonMs, prunedAt, windows]);
}

export function decodeEntity(text: string): EntityWindows {
  type Stored = [string, number, number, Array<number | string[]>];
  const parsed: [number | null, number, number | null, Stored[]] = JSON.parse(text);
  const [latest, horizonMs, prunedAt, stored] = parsed;
  const windows: EntityWindows["windows"] = new Map();
  for (const [name, keepMs, bucketMs, flat] of stored) {
    const buckets = new Map<number, Bucket>();
    for (let i = 0; i < flat.length; i += 2) {
      const bucket = flat[i + 1] ?? 0;
      buckets.set(Number(flat[i]), typeof bucket === "number" ? bucket : new Set(bucket));
    }
    windows.set(name, { keepMs, bucketMs, buckets });
  }
  // JSON has no -Infinity.
  return { latest: latest ?? -Infinity, horizonMs, prunedAt: prunedAt ?? -Infinity, windows };
}

/** What a list of windows comes down to; lists are given again and again, so it is kept with them. */
export interface WindowPlan {
  /** Where the buckets of each window are kept: windows that differ in nothing but their length share them. */
  readonly keys: readonly string[];
  /** Tells lists of windows apart (32 bits of FNV-1a). */
  readonly signature: number;
}

const plans = new WeakMap<readonly WindowSpec[], WindowPlan>();

export function planOf(windows: readonly WindowSpec[]): WindowPlan {
  let plan = plans.get(windows);
  if (plan === undefined) {
    const keys = windows.map(({ name, aggregate, bucketMs }) => `${aggregate}/${bucketMs}/${name}`);
    const sizes = windows.map(({ windowMs }) => windowMs);
    plan = { keys, signature: hashOf(JSON.stringify([keys, sizes])) };
    plans.set(windows, plan);
  }
  return plan;
}

/** FNV-1a. @see https://datatracker.ietf.org/doc/html/draft-eastlake-fnv */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

function add(
  entity: EntityWindows,
  key: string,
  spec: WindowSpec,
  at: number,
  value: number | string | undefined,
): void {
  if (value === undefined) return;
  let window = entity.windows.get(key);
  if (window === undefined) {
    window = { keepMs: spec.windowMs, bucketMs: spec.bucketMs, buckets: new Map() };
    entity.windows.set(key, window);
  }
  window.keepMs = Math.max(window.keepMs, spec.windowMs);
  const index = Math.floor(at / spec.bucketMs);
  window.buckets.set(index, taken(spec.aggregate, window.buckets.get(index), value));
}

function taken(
  aggregate: WindowSpec["aggregate"],
  bucket: Bucket | undefined,
  value: number | string,
): Bucket {
  if (aggregate === "distinct") {
    return (bucket instanceof Set ? bucket : new Set<string>()).add(String(value));
  }
  const held = typeof bucket === "number" ? bucket : undefined;
  if (aggregate === "count") return (held ?? 0) + 1;
  const number = Number(value);
  if (held === undefined) return number;
  if (aggregate === "sum") return held + number;
  return aggregate === "min" ? Math.min(held, number) : Math.max(held, number);
}

function total(window: Window | undefined, spec: WindowSpec, at: number): number | undefined {
  const { aggregate, windowMs, bucketMs } = spec;
  const empty = aggregate === "min" || aggregate === "max" ? undefined : 0;
  if (window === undefined) return empty;
  const after = Math.floor((at - windowMs) / bucketMs);
  const last = Math.floor(at / bucketMs);
  const inside = bucketsWithin(window.buckets, after, last);
  if (inside.length === 0) return empty;
  if (aggregate === "distinct") return distinct(inside);
  const merge = mergers[aggregate];
  let merged: number | undefined;
  for (const bucket of inside) {
    if (typeof bucket === "number") merged = merged === undefined ? bucket : merge(merged, bucket);
  }
  return merged ?? empty;
}

/** Buckets after `after` up to `last`, in the order of time: so sums come out the same to the last bit in every store. */
function bucketsWithin(buckets: Window["buckets"], after: number, last: number): Bucket[] {
  const inside: Bucket[] = [];
  if (last - after <= buckets.size) {
    for (let step = 1; step <= last - after; step += 1) {
      const bucket = buckets.get(after + step);
      if (bucket !== undefined) inside.push(bucket);
    }
    return inside;
  }
  let newest = -Infinity;
  for (const [index, bucket] of buckets) {
    if (index <= after || index > last) continue;
    // Buckets come in order but for what was late.
    if (index < newest) return sortedWithin(buckets, after, last);
    newest = index;
    inside.push(bucket);
  }
  return inside;
}

function sortedWithin(buckets: Window["buckets"], after: number, last: number): Bucket[] {
  return [...buckets]
    .filter(([index]) => index > after && index <= last)
    .toSorted(([a], [b]) => a - b)
    .map(([, bucket]) => bucket);
}

const mergers = {
  count: (a: number, b: number) => a + b,
  sum: (a: number, b: number) => a + b,
  min: (a: number, b: number) => Math.min(a, b),
  max: (a: number, b: number) => Math.max(a, b),
};

function distinct(buckets: readonly Bucket[]): number {
  const [first] = buckets;
  if (buckets.length === 1 && first instanceof Set) return first.size;
  const union = new Set<string>();
  for (const bucket of buckets) {
    if (bucket instanceof Set) for (const each of bucket) union.add(each);
  }
  return union.size;
}

/** ECAP_REQUEST_INVALID where a number would poison a total. */
export function assertContribution({ key, at, windows, values }: Contribution): void {
  const invalid = (what: string, received: unknown): EcapError =>
    new EcapError("ECAP_REQUEST_INVALID", `contribution to "${key}": ${what}`, { received });
  if (!Number.isFinite(at)) throw invalid("`at` must be finite epoch milliseconds", at);
  windows.forEach(({ name, windowMs, bucketMs, aggregate }, index) => {
    if (!(windowMs > 0 && bucketMs > 0 && Number.isFinite(windowMs))) {
      throw invalid(`window "${name}" needs positive windowMs and bucketMs`, {
        windowMs,
        bucketMs,
      });
    }
    const value = values[index];
    if (value === undefined || aggregate === "count" || aggregate === "distinct") return;
    if (!Number.isFinite(value)) throw invalid(`window "${name}" takes finite numbers`, value);
  });
}
