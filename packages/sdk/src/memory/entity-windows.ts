import { EcapError } from "../errors/ecap-error.ts";
import { fnv1a } from "../hash/text-hash.ts";
import {
  bucketsOf,
  type Contribution,
  reachOf,
  type WindowSpec,
  type WindowTotals,
} from "../ports/state-store.ts";

/** A number, or distinct texts: mostly one, which is kept as it is, for a set takes ten times the memory. */
export type Bucket = number | string | Set<string>;

interface Window {
  keepMs: number;
  readonly bucketMs: number;
  /** Indexes `floor(time / bucketMs)`, ascending, and the bucket of each. */
  readonly indexes: number[];
  readonly buckets: Bucket[];
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
export type Contributed = ArrayLike<number>;

/** Which totals a contribution is asked for: those before it cost as much again as those after it. */
export type AskedTotals = "both" | "after" | "none";

/**
 * Adds the contribution unless its id is known by `first`, what was kept of it, and returns the totals; those that are not asked for may be empty.
 * Changes `entity` only where it is applied.
 */
export function contributeTo(
  entity: EntityWindows,
  contribution: Contribution,
  {
    first,
    now,
    asked = "both",
  }: {
    readonly first: Contributed | undefined;
    readonly now: number;
    readonly asked?: AskedTotals;
  },
): WindowTotals {
  assertContribution(contribution);
  const { at, windows, values } = contribution;
  const plan = planOf(windows);
  const horizonMs = Math.max(plan.longestMs, entity.horizonMs);
  const isTooLate = at <= entity.latest - 2 * horizonMs;
  if (isTooLate || first !== undefined) {
    const present = asked === "none" ? [] : totalsOf(entity, contribution);
    const given = isTooLate ? undefined : first && beforeOf(first, plan.signature);
    return { applied: false, before: given ?? present, after: present };
  }
  const before = asked === "both" ? totalsOf(entity, contribution) : undefined;
  entity.horizonMs = horizonMs;
  entity.latest = Math.max(entity.latest, Math.min(at, now));
  for (let i = 0; i < windows.length; i += 1) {
    const [spec, key, value] = [windows[i], plan.keys[i], values[i]];
    if (spec !== undefined && key !== undefined && value !== undefined)
      add(entity, key, spec, at, value);
  }
  const after = asked === "none" ? [] : totalsOf(entity, contribution, before);
  return { applied: true, before: before ?? [], after };
}

/** Totals as of the contribution's time; of a window that does not see what it brings, those `before` it. */
function totalsOf(
  { windows: held }: EntityWindows,
  { at, windows, values }: Contribution,
  before?: WindowTotals["before"],
): Array<number | undefined> {
  const { keys, sharing } = planOf(windows);
  return windows.map((spec, i) => {
    const isSame =
      before !== undefined &&
      // A delay is longer than the event is old.
      (spec.delayMs || !sharing[i]?.some((other) => values[other] !== undefined));
    return isSame ? before[i] : total(held.get(keys[i] ?? ""), spec, at);
  });
}

/** What to keep of a contribution that was applied, so that a repeat gives the same totals before it. */
export function contributedOf(
  { at, windows }: Pick<Contribution, "at" | "windows">,
  { before }: Pick<WindowTotals, "before">,
): number[] {
  const kept = [at, planOf(windows).signature];
  for (const value of before) kept.push(value ?? Number.NaN);
  return kept;
}

function beforeOf(kept: Contributed, signature: number): Array<number | undefined> | undefined {
  if (kept[1] !== signature) return undefined;
  return Array.from(kept, (value) => (Number.isNaN(value) ? undefined : value)).slice(2);
}

/** Ids that contributed at or before this time may be forgotten; undefined while there is too little to gain. Removes old buckets. */
export function prune(entity: EntityWindows): number | undefined {
  if (entity.prunedAt === -Infinity) entity.prunedAt = entity.latest;
  if (entity.latest - entity.prunedAt < entity.horizonMs / 2) return undefined;
  entity.prunedAt = entity.latest;
  for (const { indexes, buckets, bucketMs, keepMs } of entity.windows.values()) {
    const first = Math.floor((entity.latest - entity.horizonMs - keepMs) / bucketMs);
    const old = placeOf(indexes, first);
    indexes.splice(0, old);
    buckets.splice(0, old);
  }
  return entity.latest - 2 * entity.horizonMs;
}

/** What a list of windows comes down to; lists are given again and again, so it is kept with them. */
export interface WindowPlan {
  /** Where the buckets of each window are kept: windows that differ in nothing but their length share them. */
  readonly keys: readonly string[];
  /** Tells lists of windows apart (32 bits of FNV-1a). */
  readonly signature: number;
  /** How far back the longest of them sees. */
  readonly longestMs: number;
  /** Of each window the places of those that share its buckets, itself among them. */
  readonly sharing: ReadonlyArray<readonly number[]>;
}

const plans = new WeakMap<readonly WindowSpec[], WindowPlan>();

export function planOf(windows: readonly WindowSpec[]): WindowPlan {
  let plan = plans.get(windows);
  if (plan === undefined) {
    const keys = windows.map(({ name, aggregate, bucketMs }) => `${aggregate}/${bucketMs}/${name}`);
    const sizes = windows.map(({ windowMs, delayMs }) =>
      delayMs === undefined ? windowMs : [windowMs, delayMs],
    );
    const longestMs = Math.max(0, ...windows.map(reachOf));
    const sharing = keys.map((key) => keys.flatMap((other, i) => (other === key ? [i] : [])));
    plan = { keys, signature: fnv1a(JSON.stringify([keys, sizes])), longestMs, sharing };
    plans.set(windows, plan);
  }
  return plan;
}

function add(
  entity: EntityWindows,
  key: string,
  spec: WindowSpec,
  at: number,
  value: number | string,
): void {
  let window = entity.windows.get(key);
  if (window === undefined) {
    window = { keepMs: 0, bucketMs: spec.bucketMs, indexes: [], buckets: [] };
    entity.windows.set(key, window);
  }
  window.keepMs = Math.max(window.keepMs, reachOf(spec));
  put(window, Math.floor(at / spec.bucketMs), (held) => taken(spec.aggregate, held, value));
}

/** Puts what `change` makes of the bucket in its place. */
function put(
  { indexes, buckets }: Window,
  index: number,
  change: (held: Bucket | undefined) => Bucket,
): void {
  const place = placeOf(indexes, index);
  if (indexes[place] === index) {
    buckets[place] = change(buckets[place]);
  } else if (place === indexes.length) {
    indexes.push(index);
    buckets.push(change(undefined));
  } else {
    indexes.splice(place, 0, index);
    buckets.splice(place, 0, change(undefined));
  }
}

/** How many of the ascending indexes are less than `index`. */
function placeOf(indexes: readonly number[], index: number): number {
  let low = 0;
  let high = indexes.length;
  // What comes is most often the newest.
  if (high > 0 && (indexes[high - 1] ?? 0) < index) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((indexes[middle] ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of the ascending indexes are at most `index`. Not those less than one more, for one more than a very large number is the same number. */
function placePast(indexes: readonly number[], index: number): number {
  const place = placeOf(indexes, index);
  return indexes[place] === index ? place + 1 : place;
}

function taken(
  aggregate: WindowSpec["aggregate"],
  bucket: Bucket | undefined,
  value: number | string,
): Bucket {
  if (aggregate === "distinct") return withText(bucket, String(value));
  const held = typeof bucket === "number" ? bucket : undefined;
  if (aggregate === "count") return (held ?? 0) + 1;
  const number = Number(value);
  if (held === undefined) return number;
  if (aggregate === "sum") return held + number;
  return aggregate === "min" ? Math.min(held, number) : Math.max(held, number);
}

function withText(bucket: Bucket | undefined, text: string): Bucket {
  if (bucket instanceof Set) return bucket.add(text);
  return typeof bucket !== "string" || bucket === text ? text : new Set([bucket, text]);
}

/** Buckets are merged in the order of time: so sums come out the same to the last bit in every store. */
function total(window: Window | undefined, spec: WindowSpec, at: number): number | undefined {
  const { aggregate } = spec;
  const empty = aggregate === "min" || aggregate === "max" ? undefined : 0;
  if (window === undefined) return empty;
  const { indexes, buckets } = window;
  const { after, last } = bucketsOf(spec, at);
  const first = placePast(indexes, after);
  const end = placePast(indexes, last);
  if (first >= end) return empty;
  if (aggregate === "distinct") return distinct(buckets, first, end);
  let merged = Number(buckets[first]);
  for (let i = first + 1; i < end; i += 1) {
    const bucket = Number(buckets[i]);
    if (aggregate === "min") merged = Math.min(merged, bucket);
    else if (aggregate === "max") merged = Math.max(merged, bucket);
    else merged += bucket;
  }
  return merged;
}

/** How many texts are in the buckets from one to another. As long as all hold the same one, none is put into a set. */
function distinct(buckets: readonly Bucket[], from: number, to: number): number {
  const first = buckets[from];
  let at = from + 1;
  if (typeof first === "string") while (at < to && buckets[at] === first) at += 1;
  if (at >= to) return first instanceof Set ? first.size : 1;
  const union = new Set(first instanceof Set ? first : [String(first)]);
  for (; at < to; at += 1) {
    const bucket = buckets[at];
    if (bucket instanceof Set) for (const each of bucket) union.add(each);
    else union.add(String(bucket));
  }
  return union.size;
}

/** ECAP_REQUEST_INVALID where a number would poison a total. */
export function assertContribution({ key, at, windows, values }: Contribution): void {
  const invalid = (what: string, received: unknown): EcapError =>
    new EcapError("ECAP_REQUEST_INVALID", `contribution to "${key}": ${what}`, { received });
  if (!Number.isFinite(at)) throw invalid("`at` must be finite epoch milliseconds", at);
  windows.forEach(({ name, windowMs, bucketMs, aggregate, delayMs = 0 }, index) => {
    if (!(delayMs >= 0 && Number.isFinite(delayMs)))
      throw invalid(`window "${name}" needs a delayMs that is not negative`, delayMs);
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
