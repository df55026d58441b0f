import { EcapError, systemClock } from "@ecap/sdk";
import { memoryStore } from "@ecap/sdk/memory";
import { count, topology } from "@ecap/sdk/streams";
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
