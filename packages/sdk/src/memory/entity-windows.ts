import { EcapError } from "../errors/ecap-error.ts";
import type { Contribution, WindowSpec, WindowTotals } from "../ports/state-store.ts";

type Bucket = number | Set<string>;

/** The buckets of one entity's windows: plain data that a store keeps beside the ids that contributed. */
export interface EntityWindows {
  /** Newest contribution, but never later than the store's clock: a date in the future must not age the rest. */
  latest: number;
  /** The longest window seen. Buckets and ids are kept this much longer than the window, so that an event late by up to that sees whole windows. */
  horizonMs: number;
  /** `latest` when old buckets and ids were last removed. */
  prunedAt: number;
  /** Buckets by aggregate, size and name, then by index `floor(time / bucketMs)`. */
  readonly windows: Map<string, { keepMs: number; bucketMs: number; buckets: Map<number, Bucket> }>;
}

export function emptyEntity(): EntityWindows {
  return { latest: -Infinity, horizonMs: 0, prunedAt: -Infinity, windows: new Map() };
}

/** Adds the contribution unless `known`, and returns the totals. Changes `entity`. */
export function contributeTo(
  entity: EntityWindows,
  contribution: Contribution,
  { known, now }: { readonly known: boolean; readonly now: number },
): WindowTotals {
  assertContribution(contribution);
  const { at, windows, values } = contribution;
  for (const { windowMs } of windows) entity.horizonMs = Math.max(entity.horizonMs, windowMs);
  const before = windows.map((spec) => total(entity, spec, at));
  const applied = !known && at > entity.latest - 2 * entity.horizonMs;
  if (!applied) return { applied, before, after: before };
  entity.latest = Math.max(entity.latest, Math.min(at, now));
  windows.forEach((spec, index) => add(entity, spec, at, values[index]));
  return { applied, before, after: windows.map((spec) => total(entity, spec, at)) };
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

const windowKey = ({ name, aggregate, bucketMs }: WindowSpec): string =>
  `${aggregate}/${bucketMs}/${name}`;

function add(
  entity: EntityWindows,
  spec: WindowSpec,
  at: number,
  value: number | string | undefined,
): void {
  if (value === undefined) return;
  const key = windowKey(spec);
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

function total(entity: EntityWindows, spec: WindowSpec, at: number): number | undefined {
  const { aggregate, windowMs, bucketMs } = spec;
  const empty = aggregate === "min" || aggregate === "max" ? undefined : 0;
  const window = entity.windows.get(windowKey(spec));
  if (window === undefined) return empty;
  const after = Math.floor((at - windowMs) / bucketMs);
  const last = Math.floor(at / bucketMs);
  const inside: Bucket[] = [];
  for (const [index, bucket] of window.buckets) {
    if (index > after && index <= last) inside.push(bucket);
  }
  if (inside.length === 0) return empty;
  if (aggregate === "distinct") return distinct(inside);
  const numbers = inside.filter((bucket) => typeof bucket === "number");
  return numbers.reduce(mergers[aggregate]);
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

function assertContribution({ key, at, windows, values }: Contribution): void {
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
