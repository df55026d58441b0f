import { type Committer, type EventEnvelope, partitionOf } from "@ecap/sdk";
import { count, max, min, sum, topology } from "@ecap/sdk/streams";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { streamFixture, testEvent } from "./stream-fixture.ts";

const sizeMs = 100;
const allowedLatenessMs = 50;
const amountOf = (event: EventEnvelope): number | undefined => {
  const { amount } = event.data;
  return typeof amount === "number" ? amount : undefined;
};
const revenue = topology("revenue")
  .from({ topics: ["input"] })
  .keyBy((event) => event.actor.customerId)
  .tumblingWindow({
    sizeMs,
    allowedLatenessMs,
    aggregate: { orders: count, total: sum(amountOf), least: min(amountOf), most: max(amountOf) },
  })
  .to({ topic: "output" });

/** Events whose times go back by no more than the lateness from the newest before. */
const inTime = fc
  .array(
    fc.record({
      step: fc.integer({ min: 0, max: 80 }),
      back: fc.integer({ min: 0, max: allowedLatenessMs }),
      customer: fc.constantFrom("a", "b", "c", "d"),
      tenant: fc.constantFrom("acme", "other"),
      amount: fc.option(fc.integer({ min: -50, max: 50 }), { nil: undefined }),
    }),
    { maxLength: 60 },
  )
  .map((list) => {
    let newest = 1_000;
    return list.map(({ step, back, customer, tenant, amount }, i) => {
      const time = newest + step - back;
      newest = Math.max(newest, time);
      const actor = { customerId: customer };
      return testEvent({ id: `e${i}`, tenant, time, actor, data: { amount } });
    });
  });

interface Result {
  readonly tenant: string;
  readonly partition: number;
  readonly key: string;
  readonly windowStart: number;
  readonly amounts: number[];
  orders: number;
}

/** The windows that are over when everything has come, the slow and plain way. */
function naive(events: readonly EventEnvelope[]) {
  const windows = new Map<string, Result>();
  const newest = [-Infinity, -Infinity];
  for (const event of events) {
    const key = event.actor.customerId ?? "";
    const partition = partitionOf(key, 2);
    newest[partition] = Math.max(newest[partition] ?? 0, event.time);
    const windowStart = event.time - (event.time % sizeMs);
    const name = JSON.stringify([partition, event.tenant, key, windowStart]);
    const none: Result = {
      partition,
      tenant: event.tenant,
      key,
      windowStart,
      orders: 0,
      amounts: [],
    };
    const held = windows.get(name) ?? none;
    windows.set(name, held);
    held.orders += 1;
    const amount = amountOf(event);
    if (amount !== undefined) held.amounts.push(amount);
  }
  return [...windows.values()]
    .filter(
      (each) => each.windowStart + sizeMs <= (newest[each.partition] ?? 0) - allowedLatenessMs,
    )
    .map(({ amounts, ...rest }) => ({
      topic: "input",
      ...rest,
      windowEnd: rest.windowStart + sizeMs,
      ...(amounts.length > 0 && {
        total: amounts.reduce((a, b) => a + b),
        least: Math.min(...amounts),
        most: Math.max(...amounts),
      }),
    }));
}

const sorted = (results: readonly unknown[]): string[] =>
  results
    .map((each) =>
      JSON.stringify(Object.entries(each ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    )
    .toSorted();

const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : 1;
const at = (id: string, time: number): EventEnvelope =>
  testEvent({ id, time, actor: { customerId: "a" } });

/** Fails some commits before and some after they took effect. */
function crashing(committer: Committer, faults: Iterator<string>): Committer {
  return {
    ...committer,
    async commit(commit) {
      const fault = faults.next().value;
      if (fault === "before") throw new Error("crashed before the commit");
      await committer.commit(commit);
      if (fault === "after") throw new Error("crashed after the commit");
    },
  };
}

describe("tumbling windows", () => {
  it("equal a naive fold for events shuffled within the lateness, whatever the batches", async () => {
    await fc.assert(
      fc.asyncProperty(inTime, fc.integer({ min: 1, max: 20 }), async (events, maxRecords) => {
        const { send, run, output, eventLog } = await streamFixture();
        await send(events);
        const running = await run(revenue, { maxRecords });
        await running.drain();
        expect(running.status().every(({ late }) => late === 0)).toBe(true);
        await running.close();
        const results = await output();
        expect(sorted(results.map(({ data, tenant }) => ({ ...data, tenant })))).toEqual(
          sorted(naive(events)),
        );
        expect(new Set(results.map(({ id }) => id)).size).toBe(results.length);
        await eventLog.close();
      }),
      { numRuns: 40 },
    );
  });

  it("give the same results and ids through crashes and restarts at any step", async () => {
    const faults = fc.array(fc.constantFrom("before", "after", "none"), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(inTime, faults, fc.boolean(), async (events, list, restart) => {
        const calm = await streamFixture();
        await calm.send(events);
        const straight = await calm.run(revenue);
        await straight.drain();
        await straight.close();

        const rough = await streamFixture();
        const committer = crashing(rough.committer, list.values());
        const half = Math.floor(events.length / 2);
        await rough.send(events.slice(0, half));
        let running = await rough.run(revenue, { committer, maxRecords: 7, maxAttempts: 20 });
        await running.drain();
        if (restart) {
          await running.close();
          running = await rough.run(revenue, { committer, maxRecords: 3, maxAttempts: 20 });
        }
        await rough.send(events.slice(half));
        await running.drain();
        await running.close();
        expect((await rough.output()).toSorted(byId)).toEqual((await calm.output()).toSorted(byId));
        expect(await rough.output("input.dlq")).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it("send late events aside, or count and drop them", async () => {
    const { send, run, output, eventLog } = await streamFixture();
    await eventLog.createTopic("late", { partitions: 1 });
    const window = { sizeMs: 10, aggregate: { orders: count } };
    await send([at("e1", 5), at("e2", 25), at("late", 9), at("e3", 40)]);
    const counted = topology("counted")
      .from({ topics: ["input"] })
      .tumblingWindow(window)
      .to({ topic: "output" });
    const aside = topology("aside")
      .from({ topics: ["input"] })
      .tumblingWindow({ ...window, lateTopic: "late" })
      .to({ topic: "output" });
    for (const each of [counted, aside]) {
      const running = await run(each);
      await running.drain();
      expect(running.status().reduce((late, status) => late + status.late, 0)).toBe(1);
      await running.close();
    }
    expect((await output("late")).map(({ id }) => id)).toEqual(["late"]);
    const windows = (await output()).map(({ type, data }) => [
      type,
      data["windowStart"],
      data["orders"],
    ]);
    expect(windows).toEqual([
      ["counted.window", 0, 1],
      ["counted.window", 20, 1],
      ["aside.window", 0, 1],
      ["aside.window", 20, 1],
    ]);
  });

  it("keep no state of windows that are over", async () => {
    const { send, run, stateStore } = await streamFixture();
    const customer = { customerId: "a" };
    await send(
      Array.from({ length: 300 }, (_, i) =>
        testEvent({ id: `e${i}`, time: i * 50, actor: customer }),
      ),
    );
    const running = await run(revenue);
    await running.drain();
    await running.close();
    let open = 0;
    for await (const { key } of stateStore.scan("topology/")) open += Number(key.includes("/o1/"));
    expect(open).toBeGreaterThan(0);
    expect(open).toBeLessThanOrEqual(2);
  });

  it("are not closed by an event from the future", async () => {
    const { send, run } = await streamFixture();
    const actor = { customerId: "a" };
    const future = testEvent({ id: "future", time: 1e15, receivedAt: 1_000, actor });
    await send([
      testEvent({ id: "e1", time: 1_000, actor }),
      future,
      testEvent({ id: "e2", time: 1_001, actor }),
    ]);
    const running = await run(revenue);
    await running.drain();
    expect(running.status().map(({ late }) => late)).toEqual([0, 0]);
    await running.close();
  });
});
