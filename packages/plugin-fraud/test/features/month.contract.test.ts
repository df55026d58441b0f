import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lmdbStore } from "@ecap/adapter-lmdb";
import { type Arrival, compareSides } from "@ecap/sdk/features";
import { manualClock, memoryStateStore } from "@ecap/sdk/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { simulatedPayments } from "../../scripts/simulated-payments.ts";
import type { Transaction } from "../../src/contract.ts";
import { fraudFeatures } from "../../src/fraud-features.ts";

const dayMs = 86_400_000;
const from = Date.UTC(2026, 0, 1);
const to = from + 31 * dayMs;

let dir: string;
let month: ReadonlyArray<Arrival<Transaction>>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-month-"));
  const payments = simulatedPayments({
    seed: "month",
    from,
    to,
    ordersPerDay: 100,
    openedAt: from - 200 * dayMs,
    catalogue: false,
    faults: { late: 0.05, outOfOrder: 0.1, duplicate: 0.05 },
  });
  month = [...payments].map(({ transaction: subject, at: arrivedAt }) => ({
    tenant: "t",
    id: subject.id,
    at: subject.time,
    arrivedAt,
    subject,
  }));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test("the month has payments that came late, twice, and out of order", () => {
  const late = month.filter(({ at, arrivedAt }) => arrivedAt - at > 60_000);
  const overtaken = month.filter(({ at }, i) => at < (month[i - 1]?.at ?? at));
  expect(late.length).toBeGreaterThan(100);
  expect(overtaken.length).toBeGreaterThan(100);
  expect(month.length - new Set(month.map(({ id }) => id)).size).toBeGreaterThan(100);
});

test.each(["memory", "lmdb"])(
  "every value of the month is the same online (%s) and offline",
  async (kind) => {
    const clock = manualClock(from);
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
