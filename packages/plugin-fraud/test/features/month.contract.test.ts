import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbStore } from "@ecap/adapter-lmdb";
import { compareSides } from "@ecap/sdk/features";
import { manualClock, memoryStateStore } from "@ecap/sdk/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fraudFeatures } from "../../src/fraud-features.ts";
import { monthBegins, simulatedMonth } from "./simulated-month.ts";

const month = simulatedMonth();
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-month-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test("the month has payments that came late, twice, and out of order, and refunds of customers", () => {
  const late = month.filter(({ at, arrivedAt }) => arrivedAt - at > 60_000);
  const overtaken = month.filter(({ at }, i) => at < (month[i - 1]?.at ?? at));
  expect(late.length).toBeGreaterThan(100);
  expect(overtaken.length).toBeGreaterThan(100);
  const refunds = month.filter(({ subject }) => subject.refund && subject.customerId !== undefined);
  expect(refunds.length).toBeGreaterThan(100);
  expect(refunds.some(({ subject }) => subject.refund?.claimed)).toBe(true);
  expect(month.length - new Set(month.map(({ id }) => id)).size).toBeGreaterThan(100);
});

test.each(["memory", "lmdb"])(
  "every value of the month is the same online (%s) and offline",
  async (kind) => {
    const clock = manualClock(monthBegins);
    const lmdb = kind === "lmdb" ? lmdbStore({ dir, clock }) : undefined;
    const store = lmdb?.stateStore ?? memoryStateStore({ clock });
    const proof = await compareSides(fraudFeatures, month, (arrival) => {
      clock.set(Math.max(clock.now(), arrival.arrivedAt));
      return fraudFeatures.contribute(store, arrival);
    });
    await lmdb?.close();
    expect(proof).toMatchObject({ compared: month.length, unequal: 0, examples: [] });
    expect(proof.values).toBe(month.length * fraudFeatures.features.length);
  },
);
