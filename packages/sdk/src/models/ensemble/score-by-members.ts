import type { TrainingBatch } from "../../ports/model-trainer.ts";
import { untrainable } from "../../training/training-rows.ts";
import type { Scorer } from "../scorer.ts";
import type { TrainingSample } from "../trained-contract.ts";

/** A model by its name and version, and what it scores by. */
export interface Member {
  readonly label: string;
  readonly scorer: Scorer;
}

/** What each member says of rows, in the order of these. */
export interface RowScores {
  readonly rows: number;
  readonly positives: number;
  /** By member. */
  readonly scores: ReadonlyArray<readonly number[]>;
  readonly labels: readonly number[];
  /** What they are told apart by; empty where it is nothing. */
  readonly told: readonly number[];
  /** All that the members take, in the order they name them. */
  readonly features: readonly string[];
  /** Some of the rows, with these features. */
  readonly sample: TrainingSample;
}

const rowsAtMost = 2_000_000;
const sampledRows = 2_000;

/** Names of all features that the members take. */
export function featuresOf(members: readonly Member[]): readonly string[] {
  return [
    ...new Set(members.flatMap(({ scorer }) => scorer.contract.features.map(({ name }) => name))),
  ];
}

/** Scores rows by every member, a batch at a time. A row that one of them refuses, as it lacks what must be there, is left out. */
export async function scoreByMembers(
  members: readonly Member[],
  batches: AsyncIterable<TrainingBatch>,
  { label, segment }: { readonly label: string; readonly segment?: string | undefined },
  signal?: AbortSignal,
): Promise<RowScores> {
  const features = featuresOf(members);
  const scores: number[][] = members.map(() => []);
  const labels: number[] = [];
  const told: number[] = [];
  const sample = createSample();
  let positives = 0;
  for await (const { rows, columns } of batches) {
    signal?.throwIfAborted();
    const kept = takenRows(members, columns, rows);
    const answers = await Promise.all(
      members.map(({ scorer }, at) => scorer.scoreRows(kept.map(({ inputs }) => inputs[at] ?? []))),
    );
    kept.forEach(({ row }, i) => {
      answers.forEach((own, at) => scores[at]?.push(own[i]?.score ?? Number.NaN));
      const positive = Number(columns[label]?.[row]) === 1;
      positives += positive ? 1 : 0;
      sample.offer(labels.length, () => features.map((name) => columns[name]?.[row] ?? Number.NaN));
      labels.push(positive ? 1 : 0);
      if (segment !== undefined) told.push(columns[segment]?.[row] ?? Number.NaN);
    });
    if (labels.length > rowsAtMost) throw untrainable(`there are more than ${rowsAtMost} rows`);
  }
  return { rows: labels.length, positives, scores, labels, told, features, sample: sample.taken() };
}

/** Rows that every member takes, as each of them is given them. */
function takenRows(
  members: readonly Member[],
  columns: TrainingBatch["columns"],
  rows: number,
): ReadonlyArray<{
  readonly row: number;
  readonly inputs: ReadonlyArray<readonly number[]>;
}> {
  return Array.from({ length: rows }, (_, row) => row).flatMap((row) => {
    try {
      const inputs = members.map(({ scorer }) =>
        scorer.fill(scorer.contract.features.map(({ name }) => columns[name]?.[row] ?? Number.NaN)),
      );
      return [{ row, inputs }];
    } catch {
      return [];
    }
  });
}

/** Every row at first, then every second, fourth and so on: spread evenly, however many come. */
function createSample() {
  let taken: Array<{ readonly row: number; readonly input: readonly number[] }> = [];
  let stride = 1;
  return {
    offer(row: number, inputOf: () => readonly number[]): void {
      if (row % stride !== 0) return;
      taken.push({ row, input: inputOf() });
      if (taken.length < 2 * sampledRows) return;
      stride *= 2;
      taken = taken.filter((each) => each.row % stride === 0);
    },
    taken: (): TrainingSample => ({
      rows: taken.map(({ row }) => row),
      inputs: taken.map(({ input }) => input),
    }),
  };
}
