import type { HandbookSplit } from "@ecap/plugin-fraud/handbook";
import type { TrainingAlgorithm } from "@ecap/sdk";
import { combine, type Ensemble, fitStacked, type MemberScores } from "@ecap/sdk/models";
import { type Figures, figuresOf, type Kind, kinds, scoresOf, trainModel } from "./models.ts";

export interface Chosen {
  readonly algorithms: Readonly<Record<Kind, TrainingAlgorithm>>;
  readonly ensemble: Ensemble;
  /** What the ensemble said of the payments of each split's test. */
  readonly scores: ReadonlyArray<readonly number[]>;
}

/**
 * Chooses, on splits that lie before the test, the setting of every kind of model by its mean average precision, and then the weights of the ensemble on
 * the scores that the chosen ones gave those later weeks.
 */
export async function choose(
  splits: readonly HandbookSplit[],
  say: (line: string) => void,
): Promise<Chosen> {
  const names = Object.keys(kinds) as Kind[];
  const algorithms: Partial<Record<Kind, TrainingAlgorithm>> = {};
  const scores = new Map<Kind, ReadonlyArray<readonly number[]>>();
  for (const kind of names) {
    let best = Number.NEGATIVE_INFINITY;
    for (const algorithm of kinds[kind]) {
      const tried: Array<readonly number[]> = [];
      for (const { train, test } of splits)
        tried.push(await scoresOf(await trainModel(algorithm, train, 1), test));
      const figures = splits.map(({ test }, i) => figuresOf(tried[i] ?? [], test));
      say(`${kind} ${JSON.stringify(algorithm)}: ${figures.map(shown).join(" | ")}`);
      const worth = figures.reduce((sum, each) => sum + each.averagePrecision, 0) / figures.length;
      if (worth <= best) continue;
      best = worth;
      algorithms[kind] = algorithm;
      scores.set(kind, tried);
    }
  }
  const cases: MemberScores[] = splits.flatMap(({ test }, i) =>
    test.map(({ fraud }, row) => ({
      positive: fraud === 1,
      scores: names.map((kind) => scores.get(kind)?.[i]?.[row] ?? 0),
    })),
  );
  const ensemble = fitStacked(names, cases);
  say(`ensemble ${JSON.stringify(ensemble.combination)}`);
  const combinedScores = splits.map((_, i) =>
    combined(
      ensemble,
      names.map((kind) => scores.get(kind)?.[i] ?? []),
    ),
  );
  return { algorithms: algorithms as Chosen["algorithms"], ensemble, scores: combinedScores };
}

/** Scores of the ensemble, of its members' by row. */
export function combined(
  ensemble: Ensemble,
  members: ReadonlyArray<readonly number[]>,
): readonly number[] {
  return (members[0] ?? []).map(
    (_, row) =>
      combine(
        ensemble,
        members.map((scores) => scores[row]),
      ) ?? 0,
  );
}

export function shown({ auc, averagePrecision, cardPrecision }: Figures): string {
  return [auc, averagePrecision, cardPrecision].map((each) => each.toFixed(4)).join(" ");
}
