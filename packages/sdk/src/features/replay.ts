import { memoryEntities } from "../memory/memory-entities.ts";
import { type FeatureValues, isWindowFeature, type Occurrence } from "./feature.ts";
import type { FeatureSet } from "./feature-set.ts";
import { readsBefore } from "./window-parts.ts";

/** An occurrence and when it became known. */
export interface Arrival<Subject> extends Occurrence<Subject> {
  /** Epoch milliseconds; what the store's clock said online. */
  readonly arrivedAt: number;
}

export interface Replayed<Subject> {
  readonly arrival: Arrival<Subject>;
  readonly values: FeatureValues;
}

export interface FeatureReplay<Subject> {
  /** The values as of the arrival, of what arrived before it; one that arrived before is told what it would be told online. */
  add(arrival: Arrival<Subject>): FeatureValues;
  /** The same for whoever does not ask for the values, in half the time. Where it arrives again later, features of what was before it are told as of now. */
  pass(arrival: Arrival<Subject>): void;
}

/**
 * The offline side of a feature set. It is given events in the order in which they arrived and never sees a later one; event time only chooses the
 * bucket. So a late event is unknown exactly as long as it was online, and one that came twice counts once. It holds what a store would hold: each
 * entity's buckets, and its ids for twice its longest window.
 */
export function startReplay<Subject>(set: FeatureSet<Subject>): FeatureReplay<Subject> {
  const entities = memoryEntities();
  const asked = set.features.filter(isWindowFeature).some(readsBefore) ? "both" : "after";
  let now = -Infinity;
  return {
    add(arrival) {
      now = Math.max(now, arrival.arrivedAt);
      const totals = set
        .contributions(arrival)
        .map((each) => each && entities.contribute(each, now, asked));
      return set.values(arrival, totals);
    },
    pass(arrival) {
      now = Math.max(now, arrival.arrivedAt);
      for (const each of set.contributions(arrival))
        if (each !== undefined) entities.contribute(each, now, "none");
    },
  };
}

/** {@link startReplay} over a stream, in the order it comes. */
export async function* replay<Subject>(
  set: FeatureSet<Subject>,
  arrivals: AsyncIterable<Arrival<Subject>> | Iterable<Arrival<Subject>>,
): AsyncGenerator<Replayed<Subject>> {
  const side = startReplay(set);
  for await (const arrival of arrivals) yield { arrival, values: side.add(arrival) };
}
