import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compareSides } from "@ecap/sdk/features";
import { manualClock, memory } from "@ecap/sdk/memory";
import { describe, expect, test } from "vitest";
import {
  type HandbookTransaction,
  handbookArrivals,
  handbookFeatureNames,
  handbookFeatures,
  handbookRows,
  handbookSplit,
  readHandbook,
} from "../../src/features/handbook/index.ts";

const folder = fileURLToPath(new URL("../../../../../shared/data/fraud_handbook", import.meta.url));
const dayMs = 86_400_000;

describe.skipIf(!existsSync(folder))("fraud_handbook (in ../shared/data)", () => {
  test("the published split has the published counts", async () => {
    const { train, test: tested } = await handbookSplit(folder);
    const frauds = (rows: typeof train) => rows.filter(({ fraud }) => fraud === 1).length;
    expect([train.length, frauds(train)]).toEqual([67_240, 598]);
    expect([tested.length, frauds(tested)]).toEqual([58_264, 385]);
  });

  test("its values are what the published definitions give", async () => {
    const from = Date.UTC(2018, 4, 20);
    const to = from + 2 * dayMs;
    const all: HandbookTransaction[] = [];
    for await (const each of readHandbook(folder, { to })) all.push(each);
    let compared = 0;
    for await (const row of handbookRows(folder, { from, to })) {
      if (Number(row.id) % 50 !== 0) continue;
      compared += 1;
      expect(row.features).toEqual(published(all, row));
    }
    expect(compared).toBeGreaterThan(300);
  });

  test("a month gives the same online as offline", async () => {
    const clock = manualClock(0);
    const { stateStore } = memory({ clock });
    const month = readHandbook(folder, { from: Date.UTC(2018, 3), to: Date.UTC(2018, 4) });
    async function* arrivals() {
      for await (const { arrival } of handbookArrivals(month)) yield arrival;
    }
    const proof = await compareSides(handbookFeatures, arrivals(), (arrival) => {
      clock.set(arrival.arrivedAt);
      return handbookFeatures.contribute(stateStore, arrival);
    });
    expect(proof).toMatchObject({ unequal: 0, examples: [] });
    expect(proof.compared).toBeGreaterThan(287_000);
  });
});

/** The definitions of the handbook's chapter 3, over all transactions in the order of the file. */
function published(all: readonly HandbookTransaction[], row: HandbookTransaction): number[] {
  const { time, customerId, terminalId, amount } = row;
  const place = all.findIndex(({ id }) => id === row.id);
  const past = all.slice(0, place + 1);
  const within = (list: readonly HandbookTransaction[], days: number, delay = 0) =>
    list.filter(
      (each) => each.time > time - (days + delay) * dayMs && each.time <= time - delay * dayMs,
    );
  const ofCustomer = past.filter((each) => each.customerId === customerId);
  const ofTerminal = past.filter((each) => each.terminalId === terminalId);
  const windows = [1, 7, 30];
  const date = new Date(time);
  const counts = windows.map((days) => within(ofCustomer, days).length);
  const means = windows.map((days) => {
    const inside = within(ofCustomer, days);
    return inside.reduce((sum, each) => sum + each.amount, 0) / inside.length;
  });
  const used = windows.map((days) => within(ofTerminal, days, 7).length);
  const shares = windows.map((days) => {
    const inside = within(ofTerminal, days, 7);
    return inside.length === 0
      ? 0
      : inside.filter(({ fraud }) => fraud === 1).length / inside.length;
  });
  const weekend = date.getUTCDay() === 0 || date.getUTCDay() === 6 ? 1 : 0;
  const night = date.getUTCHours() <= 6 ? 1 : 0;
  expect(handbookFeatureNames).toHaveLength(15);
  return [amount, weekend, night, ...counts, ...means, ...used, ...shares];
}
