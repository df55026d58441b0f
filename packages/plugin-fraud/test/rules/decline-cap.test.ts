import { manualClock, memory } from "@ecap/sdk/memory";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { countDecline } from "../../src/rules/decline-cap.ts";

const noon = Date.UTC(2026, 2, 3, 12);
const minute = 60_000;

function capOf(max: number) {
  const clock = manualClock(noon);
  const { stateStore } = memory({ clock });
  return {
    clock,
    decline: (id: string, at: number) =>
      countDecline(stateStore, { tenant: "t", ruleSet: "mine/1", id, at, max }),
  };
}

test("just above the cap each minute declines as many as it may, and one event tells of it all", async () => {
  const { clock, decline } = capOf(60);
  const declined = [0, 0, 0, 0];
  const told: string[] = [];
  for (let i = 0; i < 4 * 72; i += 1) {
    const at = noon + i * Math.floor(minute / 72);
    clock.set(at);
    const { exceeded, first } = await decline(`p${i}`, at);
    const index = Math.floor((at - noon) / minute);
    if (!exceeded) declined[index] = (declined[index] ?? 0) + 1;
    if (first) told.push(`p${i}`);
  }
  expect(declined).toEqual([60, 60, 60, 60]);
  expect(told).toEqual(["p60"]);
});

test("after a minute within the cap another wave is told of", async () => {
  const { clock, decline } = capOf(2);
  const told: number[] = [];
  for (const [index, count] of [3, 4, 2, 3, 0, 3].entries())
    for (let i = 0; i < count; i += 1) {
      const at = noon + index * minute + i;
      clock.set(at);
      if ((await decline(`${index}/${i}`, at)).first) told.push(index);
    }
  expect(told).toEqual([0, 3, 5]);
});

test("a backlog counts in the minutes of its payments, and takes nothing from the minute it is worked through in", async () => {
  const { clock, decline } = capOf(2);
  clock.set(noon + 5 * minute);
  const late = [];
  for (let i = 0; i < 8; i += 1) late.push(await decline(`late${i}`, noon + (i % 4) * minute));
  expect(late.map(({ exceeded }) => exceeded)).toEqual(Array(8).fill(false));
  expect(await decline("now", clock.now())).toEqual({ exceeded: false, first: false });
});

test("of each minute the first so many are within the cap, and an id is told again what it was told", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.tuple(fc.nat(12), fc.integer({ min: 0, max: 5 * minute - 1 })), {
        maxLength: 40,
      }),
      async (max, payments) => {
        const { clock, decline } = capOf(max);
        clock.set(noon + 5 * minute);
        const known = new Map<number, boolean>();
        const counts = new Map<number, number>();
        for (const [id, offset] of payments) {
          const index = Math.floor(offset / minute);
          const count = counts.get(index) ?? 0;
          const expected = known.get(id) ?? count >= max;
          expect((await decline(`p${id}`, noon + offset)).exceeded).toBe(expected);
          if (!known.has(id)) counts.set(index, count + 1);
          known.set(id, expected);
        }
      },
    ),
    { numRuns: 100 },
  );
});
