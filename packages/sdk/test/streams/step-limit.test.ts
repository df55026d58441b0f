import { setTimeout as sleep } from "node:timers/promises";
import { createCircuitBreaker } from "@ecap/sdk";
import { manualClock } from "@ecap/sdk/memory";
import { type TopologyFailure, topology } from "@ecap/sdk/streams";
import { eventually, readTopic } from "@ecap/sdk/testing";
import { describe, expect, it } from "vitest";
import { readDeadLetter } from "../../src/collector/index.ts";
import { withStepLimit } from "../../src/streams/leg/step-limit.ts";
import { streamFixture, testEvent } from "./stream-fixture.ts";

const never = (): Promise<void> => new Promise(() => {});
const sent = (...ids: readonly string[]) =>
  ids.map((id) => testEvent({ id, actor: { customerId: "c" } }));

describe("a step that hangs", () => {
  it("is ended, tried again, and its event goes to the dead letters while the rest goes on", async () => {
    const { send, run, output, eventLog } = await streamFixture();
    const failures: TopologyFailure[] = [];
    const hanging = topology("hanging")
      .from({ topics: ["input"] })
      .process(async (events, { emit }) => {
        for (const { id } of events) {
          if (id === "poison") await never();
          emit("output", { value: new TextEncoder().encode(`{"id":"${id}"}`), timestamp: 0 });
        }
      });
    await send(sent("a", "poison", "b"));
    const running = await run(hanging, {
      stepTimeoutMs: 20,
      maxAttempts: 2,
      onError: (failure) => failures.push(failure),
    });
    await running.drain();
    await running.close();
    expect((await output()).map(({ id }) => id)).toEqual(["a", "b"]);
    const letters = (await readTopic(eventLog, "input.dlq")).map(readDeadLetter);
    expect(letters).toMatchObject([
      { code: "ECAP_PLUGIN_TIMEOUT", attempts: 4, consumer: "topology/hanging" },
    ]);
    // Twice the batch, twice the event alone.
    expect(failures.map(({ error }) => error)).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ code: "ECAP_PLUGIN_TIMEOUT" })),
    );
  });

  it("is never run beside itself, is told by its signal, and what it makes too late is not used", async () => {
    const { send, run, output } = await streamFixture();
    let [under, most, aborted, tries] = [0, 0, 0, 0];
    const slow = topology("slow")
      .from({ topics: ["input"] })
      .process(async (events, { emit, set, signal }) => {
        under += 1;
        most = Math.max(most, under);
        tries += 1;
        signal.addEventListener("abort", () => (aborted += 1));
        if (tries === 1) await sleep(35);
        set("tries", new Uint8Array([tries]));
        for (const { id } of events)
          emit("output", {
            value: new TextEncoder().encode(`{"id":"${id}/${tries}"}`),
            timestamp: 0,
          });
        under -= 1;
      });
    await send(sent("a"));
    const running = await run(slow, { stepTimeoutMs: 20 });
    await running.drain();
    await running.close();
    expect({ most, aborted, tries }).toEqual({ most: 1, aborted: 1, tries: 2 });
    expect((await output()).map(({ id }) => id)).toEqual(["a/2"]);
  });

  it("counts for the breaker, and is said of the partition", async () => {
    const { send, run } = await streamFixture();
    const clock = manualClock(1_000);
    const breaker = createCircuitBreaker({ clock, failures: 2 });
    let hangs = true;
    const hanging = topology("hanging")
      .from({ topics: ["input"] })
      .process(async () => {
        if (hangs) await never();
      });
    await send(sent("a"));
    const running = await run(hanging, { stepTimeoutMs: 10, breaker, clock });
    await eventually(async () => {
      expect(running.status().filter(({ state }) => state === "waiting")).toMatchObject([
        { failing: { code: "ECAP_PLUGIN_TIMEOUT", since: 1_000, attempts: 2 } },
      ]);
    });
    expect(breaker.state).toBe("open");
    hangs = false;
    clock.advance(1_000);
    await running.drain();
    expect(running.status().map(({ state }) => state)).toEqual(["running", "running"]);
    expect(breaker.state).toBe("closed");
    await running.close();
  });

  it("that never ends holds up the next for twice the limit and no longer", async () => {
    let ended: Promise<void> | undefined;
    const limit = { what: "it", timeoutMs: 10, onHung: (end: Promise<void>) => void (ended = end) };
    await expect(withStepLimit(never, limit)).rejects.toMatchObject({
      code: "ECAP_PLUGIN_TIMEOUT",
    });
    await expect(ended).resolves.toBeUndefined();
    expect(await withStepLimit(async () => "done", limit)).toBe("done");
    await expect(withStepLimit(() => Promise.reject(new Error("its own")), limit)).rejects.toThrow(
      "its own",
    );
  });
});

describe("what retention removed before it was read", () => {
  const take = topology("take")
    .from({ topics: ["input"] })
    .map((event) => event)
    .to({ topic: "output" });

  it("while the topology was away: it goes on from the earliest, and says how much it lost", async () => {
    const fixture = await streamFixture();
    const { send, run, output, eventLog } = fixture;
    await send(sent("a", "b"));
    const first = await run(take);
    await first.drain();
    await first.close();
    await send(sent("c", "d", "e"));
    await eventLog.createTopic("input", { partitions: 2, retentionBytes: 1 });
    await fixture.eventLog.enforceRetention();
    await eventLog.createTopic("input", { partitions: 2 });
    await send(sent("f"));
    const second = await run(take);
    await second.drain();
    expect((await output()).map(({ data }) => data)).toHaveLength(3);
    expect(second.status().flatMap(({ removed }) => removed ?? [])).toMatchObject([{ records: 3 }]);
    await second.close();
  });

  it("while it ran, and was too slow", async () => {
    const fixture = await streamFixture();
    const { send, run, eventLog } = fixture;
    const unblocked = new AbortController();
    const slow = topology("slow")
      .from({ topics: ["input"] })
      .process(async () => {
        while (!unblocked.signal.aborted) await sleep(1);
      });
    await send(sent("a"));
    const running = await run(slow, { maxRecords: 1 });
    await sleep(20);
    await send(sent("b", "c", "d"));
    await eventLog.createTopic("input", { partitions: 2, retentionBytes: 1 });
    await fixture.eventLog.enforceRetention();
    await eventLog.createTopic("input", { partitions: 2 });
    await send(sent("e"));
    unblocked.abort();
    await running.drain();
    expect(running.status().flatMap(({ removed }) => removed ?? [])).toMatchObject([
      { records: 3 },
    ]);
    await running.close();
  });
});
