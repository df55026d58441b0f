import { expect, it } from "vitest";
import { createOutbox } from "../../src/quality/outbox.ts";
import {
  addPoint,
  emptySeries,
  type SeriesSettings,
  type SeriesState,
  watchSeries,
} from "../../src/quality/series-watch.ts";

const bucketMs = 1_000;
const settings: SeriesSettings = {
  bucketMs,
  unit: "count",
  missingIsZero: true,
  quietMs: 500,
  topic: "t",
};

/** The values of the buckets that were over, in order. */
function judged(
  state: SeriesState,
  now: number,
  more: Partial<SeriesSettings> = {},
): { readonly next: SeriesState; readonly values: readonly number[] } {
  const outbox = createOutbox({ emit: () => {}, derivedId: String }, { parent: "p", now });
  const next = watchSeries(state, "s", {
    tenant: "acme",
    settings: { ...settings, ...more },
    now,
    outbox,
  });
  const learned = next.detector.forecast.learning ?? [];
  return { next, values: learned.map(([, value]) => Math.round((value - 1 / (4 * value)) ** 2)) };
}

const point = (bucket: number, value: number, over = 0) => ({ bucket, value, over });

it("adds up a bucket until it is quiet, takes missing ones for zero, and no late ones", () => {
  let state = emptySeries("m");
  state = addPoint(state, point(0, 2), 100);
  state = addPoint(state, point(3_000, 4), 3_100);
  state = addPoint(state, point(0, 3), 3_200);
  expect(judged(state, 3_600).values).toEqual([]);
  const first = judged(state, 3_800);
  expect(first.values).toEqual([5, 0, 0]);
  const late = addPoint(first.next, point(1_000, 9), 3_900);
  expect(late).toBe(first.next);
  expect(judged(late, 4_500).values).toEqual([5, 0, 0, 4]);
});

it("passes over buckets of ratios with too little to divide by", () => {
  let state = emptySeries("m");
  for (const [bucket, over] of [
    [0, 100],
    [1_000, 3],
    [3_000, 50],
  ] as const) {
    state = addPoint(state, point(bucket, 10, over), bucket);
  }
  const ratio = { unit: "ratio", missingIsZero: false, leastOver: 20 } as const;
  const { next } = judged(state, 10_000, ratio);
  expect(next.detector.forecast.learning).toEqual([
    [0, 0.1],
    [3_000, 0.2],
  ]);
});

it("does not fill in a silence of more than a week", () => {
  let state = addPoint(emptySeries("m"), point(0, 2), 0);
  const later = 8 * 86_400_000;
  state = addPoint(state, point(later, 3), later);
  expect(judged(state, later + 2_000).next.detector.forecast.count).toBeLessThanOrEqual(3);
});
