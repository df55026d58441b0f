import { setTimeout as sleep } from "node:timers/promises";
import { EcapError, systemClock } from "@ecap/sdk";
import { manualClock, memoryStore } from "@ecap/sdk/memory";
import { count, type TopologyBuilder, topology } from "@ecap/sdk/streams";
import { eventually } from "@ecap/sdk/testing";
import { describe, expect, it } from "vitest";
import { streamFixture, testEvent } from "./stream-fixture.ts";

describe("a window that is closed", () => {
  it("stays closed for another process, though silence closed it and the event's own partition was not so far", async () => {
    const fixture = await streamFixture(memoryStore());
    const { eventLog, send, run, output } = fixture;
    await eventLog.createTopic("late", { partitions: 1 });
    const windows = topology("windows")
      .from({ topics: ["input"], idleAfterMs: 50 })
      .keyBy(() => "all")
      .rekey({ partitions: 1 })
      .tumblingWindow({ sizeMs: 100, lateTopic: "late", aggregate: { n: count } })
      .to({ topic: "output" });
    const time = Math.floor(Date.now() / 100) * 100;
    const first = await run(windows, { clock: systemClock });
    await send([testEvent({ id: "e1", time })]);
    await eventually(async () => expect(await output()).toHaveLength(1));
    await first.close();

    const second = await run(windows, { clock: systemClock });
    await send([testEvent({ id: "e2", time: time + 1 })]);
    await eventually(async () => expect(await output("late")).toHaveLength(1));
    await second.close();
    expect((await output()).map(({ data }) => data["n"])).toEqual([1]);
    expect((await output("late")).map(({ id }) => id)).toEqual(["e2"]);
  });

  it.each([
    ["", (keyed: TopologyBuilder) => keyed],
    [" of an intermediate topic", (keyed: TopologyBuilder) => keyed.rekey({ partitions: 1 })],
  ])(
    "of the past%s is closed by silence once its time has gone by, not by a pause in it",
    async (_, place) => {
      const clock = manualClock(Date.UTC(2026, 0, 1));
      const fixture = await streamFixture(memoryStore({ clock }));
      const { eventLog, send, run, output } = fixture;
      await eventLog.createTopic("late", { partitions: 1 });
      const windows = place(
        topology("windows")
          .from({ topics: ["input"], idleAfterMs: 1_000 })
          .keyBy(() => "all"),
      )
        .tumblingWindow({ sizeMs: 60_000, lateTopic: "late", aggregate: { n: count } })
        .to({ topic: "output" });
      const running = await run(windows, { clock });
      const actor = { customerId: "c" };
      for (const id of ["e1", "e2", "e3"]) {
        await send([testEvent({ id, time: 600_000, actor })]);
        await running.drain();
        clock.advance(20_000);
        // Long enough for silence to be noticed, which is looked for every half second here.
        await sleep(1_100);
      }
      expect(await output()).toEqual([]);
      clock.advance(120_000);
      await eventually(async () => expect(await output()).toHaveLength(1));
      await running.close();
      expect((await output()).map(({ data }) => data["n"])).toEqual([3]);
      expect(await output("late")).toEqual([]);
    },
  );

  it("is closed by a batch that took effect, and not by one that failed", async () => {
    const { eventLog, send, run, output } = await streamFixture();
    await eventLog.createTopic("late", { partitions: 1 });
    let failures = 0;
    const windows = topology("windows")
      .from({ topics: ["input"], idleAfterMs: Infinity })
      .keyBy(() => "all")
      .tumblingWindow({ sizeMs: 50, lateTopic: "late", aggregate: { n: count } })
      .map((event) => {
        failures += 1;
        if (failures === 1) throw new EcapError("ECAP_OVERLOADED", "not now");
        return event;
      })
      .to({ topic: "output" });
    const times = [10, 60, 55, 120];
    await send(
      times.map((time) => testEvent({ id: `e${time}`, time, actor: { customerId: "c" } })),
    );
    const running = await run(windows);
    await running.drain();
    await running.close();
    expect(failures).toBeGreaterThan(1);
    expect((await output()).map(({ data }) => [data["windowStart"], data["n"]])).toEqual([
      [0, 1],
      [50, 2],
    ]);
    expect(await output("late")).toEqual([]);
  });
});
