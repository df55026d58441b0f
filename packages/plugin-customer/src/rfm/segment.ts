import type { RfmScores, Segment } from "../contract.ts";

type Range = readonly [number, number];

/** Segments by ranges of scores of five bins, the first that fits. */
const ranges: ReadonlyArray<{
  readonly segment: Segment;
  readonly recency: Range;
  readonly frequency: Range;
  readonly monetary: Range;
}> = [
  { segment: "Champions", recency: [4, 5], frequency: [4, 5], monetary: [4, 5] },
  { segment: "Loyal Customers", recency: [2, 5], frequency: [3, 5], monetary: [3, 5] },
  { segment: "Potential Loyalist", recency: [3, 5], frequency: [1, 3], monetary: [1, 3] },
  { segment: "New Customers", recency: [4, 5], frequency: [1, 1], monetary: [1, 5] },
  { segment: "Promising", recency: [3, 4], frequency: [1, 1], monetary: [1, 5] },
  { segment: "Need Attention", recency: [2, 3], frequency: [2, 3], monetary: [2, 3] },
  { segment: "About To Sleep", recency: [2, 3], frequency: [1, 2], monetary: [1, 2] },
  { segment: "Can't Lose Them", recency: [1, 1], frequency: [4, 5], monetary: [4, 5] },
  { segment: "At Risk", recency: [1, 2], frequency: [2, 5], monetary: [2, 5] },
  { segment: "Hibernating", recency: [1, 2], frequency: [1, 2], monetary: [1, 2] },
];

/** The named segment of a customer by scores from 1 to 5. */
export function segmentOf({ recencyScore, frequencyScore, monetaryScore }: RfmScores): Segment {
  const found = ranges.find(
    ({ recency, frequency, monetary }) =>
      within(recencyScore, recency) &&
      within(frequencyScore, frequency) &&
      within(monetaryScore, monetary),
  );
  return found?.segment ?? "Others";
}

function within(score: number, [least, most]: Range): boolean {
  return score >= least && score <= most;
}
