import type { FeatureValues } from "./feature.ts";
import type { FeatureSet } from "./feature-set.ts";
import { type Arrival, startReplay } from "./replay.ts";

export interface UnequalValue {
  readonly feature: string;
  /** Id of the event. */
  readonly id: string;
  readonly online: number | undefined;
  readonly offline: number | undefined;
}

/** What came of putting both sides of a feature set beside each other. */
export interface FeatureProof {
  readonly set: string;
  readonly version: string;
  /** Event times of the first and the last event that was compared, epoch milliseconds; undefined where there was none. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Events that were replayed, and those of them whose values were compared. */
  readonly replayed: number;
  readonly compared: number;
  /** Values that were compared, and those that differ. */
  readonly values: number;
  readonly unequal: number;
  /** The first of the values that differ. */
  readonly examples: readonly UnequalValue[];
}

const maxExamples = 20;

/**
 * Replays the arrivals and compares every value with what the online side gives: a store that is asked now, or a record of what was decided then.
 * Where `online` resolves undefined nothing is compared. Values are equal to the last bit.
 */
export async function compareSides<Subject>(
  set: FeatureSet<Subject>,
  arrivals: AsyncIterable<Arrival<Subject>> | Iterable<Arrival<Subject>>,
  online: (
    arrival: Arrival<Subject>,
  ) => Promise<FeatureValues | undefined> | FeatureValues | undefined,
): Promise<FeatureProof> {
  const side = startReplay(set);
  const examples: UnequalValue[] = [];
  let [replayed, compared, values, unequal] = [0, 0, 0, 0];
  let [from, to] = [Infinity, -Infinity];
  for await (const arrival of arrivals) {
    const offline = side.add(arrival);
    replayed += 1;
    const given = await online(arrival);
    if (given === undefined) continue;
    compared += 1;
    from = Math.min(from, arrival.at);
    to = Math.max(to, arrival.at);
    for (const { name } of set.features) {
      values += 1;
      if (Object.is(given[name], offline[name])) continue;
      unequal += 1;
      if (examples.length < maxExamples)
        examples.push({
          feature: name,
          id: arrival.id,
          online: given[name],
          offline: offline[name],
        });
    }
  }
  const period = compared === 0 ? { from: undefined, to: undefined } : { from, to };
  const { name, version } = set;
  return { set: name, version, ...period, replayed, compared, values, unequal, examples };
}
