import { expect, test } from "vitest";
import { demoTrickle, simulate, simulateLive } from "../../src/simulator/index.ts";

const from = Date.UTC(2026, 10, 22, 12);

test("hands out what is due by the clock, all of it and in order", async () => {
  const options = { ...demoTrickle(from, from), to: from + 600_000 };
  let now = from;
  const sleep = (milliseconds: number): Promise<void> => {
    now += milliseconds;
    return Promise.resolve();
  };
  const seen: number[] = [];
  for await (const batch of simulateLive(options, {
    clock: { now: () => now },
    sleep,
    maxBatch: 10,
  })) {
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.length).toBeLessThanOrEqual(10);
    for (const { at } of batch) {
      expect(at).toBeLessThanOrEqual(now);
      seen.push(at);
    }
  }
  expect(seen).toEqual([...simulate(options)].map(({ at }) => at));
  expect(seen.length).toBeGreaterThan(50);
});

test("stops when the signal aborts", async () => {
  const controller = new AbortController();
  let batches = 0;
  for await (const batch of simulateLive(demoTrickle(from, from), {
    clock: { now: () => from + 3_600_000 },
    signal: controller.signal,
    maxBatch: 10,
  })) {
    expect(batch).not.toEqual([]);
    batches += 1;
    if (batches === 3) controller.abort();
  }
  expect(batches).toBe(3);
});

test("the trickle goes on with the customers of the history", () => {
  const known = [
    ...simulate({ ...demoTrickle(from, from - 3_600_000), to: from + 3_600_000 }),
  ].flatMap(({ payload }) =>
    typeof payload["userId"] === "string" ? [Number(payload["userId"].slice(2))] : [],
  );
  expect(known.length).toBeGreaterThan(20);
  expect(known.some((index) => index < 8000)).toBe(true);
});

test("a run that begins where another stopped repeats no id of it", () => {
  const middle = from + 600_000;
  const ids = (begin: number, end: number) =>
    [...simulate({ ...demoTrickle(begin, from), to: end })].flatMap(({ payload }) => {
      const orderId: unknown = Object(payload["properties"]).order_id;
      return payload["event"] === "Order Completed"
        ? [payload["messageId"], orderId]
        : [payload["messageId"]];
    });
  const all = [...ids(from, middle), ...ids(middle, from + 7_200_000)];
  expect(all.length).toBeGreaterThan(100);
  expect(new Set(all).size).toBe(all.length);
});
