import { EcapError } from "@ecap/sdk";
import { type TopologyFailure, topology } from "@ecap/sdk/streams";
import { eventually, readTopic, textOf } from "@ecap/sdk/testing";
import { describe, expect, it } from "vitest";
import { claimPrefix } from "../../src/index.ts";
import { streamFixture, testEvent } from "./stream-fixture.ts";

const numbered = (length: number) =>
  Array.from({ length }, (_, i) =>
    testEvent({ id: `e${i}`, data: { n: i }, actor: { customerId: `c${i}` } }),
  );
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const evens = (name: string) =>
  topology(name)
    .from({ topics: ["input"] })
    .filter((event) => Number(event.data["n"]) % 2 === 0)
    .map((event) => ({ ...event, type: "even.seen" }))
    .to({ topic: "output" });
const ids = (list: ReadonlyArray<{ readonly id: string }>): string[] =>
  list.map(({ id }) => id).toSorted();
const ascending = (a: unknown, b: unknown): number => Number(a) - Number(b);

describe("runTopology", () => {
  it("filters and maps, with ids that depend on the parent alone", async () => {
    const { send, run, output } = await streamFixture();
    await send(numbered(10));
    const running = await run(evens("evens"));
    await running.drain();
    await running.close();
    const first = await output();
    expect(first.map(({ data }) => data["n"]).toSorted(ascending)).toEqual([0, 2, 4, 6, 8]);
    expect(new Set(first.map(({ type }) => type))).toEqual(new Set(["even.seen"]));

    const again = await streamFixture();
    await again.send(numbered(10));
    const replay = await again.run(evens("evens"));
    await replay.drain();
    await replay.close();
    expect(ids(await again.output())).toEqual(ids(first));
  });

  it("lets a process step keep state and emit, once an input, and go on after a restart", async () => {
    const { send, run, eventLog, stateStore } = await streamFixture();
    const totals = topology("totals")
      .from({ topics: ["input"] })
      .process(async (events, { get, set, emit, derivedId }) => {
        const key = "total";
        for (const event of events) {
          const [held] = await get([key]);
          const total = Number(held === undefined ? 0 : new TextDecoder().decode(held)) + 1;
          set(key, bytes(String(total)));
          emit("output", { key: derivedId(event.id, 0), value: bytes(event.id), timestamp: 1 });
        }
      });
    for (const round of [1, 2]) {
      await send(numbered(20));
      const running = await run(totals, { maxRecords: 3 });
      await running.drain();
      await running.close();
      const entries = await stateStore.get(
        [0, 1].map(
          (partition) => `${claimPrefix({ topology: "totals", topic: "input", partition })}s/total`,
        ),
      );
      const sum = entries.reduce((total, entry) => total + Number(entry ? textOf(entry) : 0), 0);
      expect(sum).toBe(20 * round);
      expect(await readTopic(eventLog, "output")).toHaveLength(20 * round);
    }
  });

  const poisoned = topology("poisoned")
    .from({ topics: ["input"] })
    .map((event) => {
      if (event.id === "e3") throw new Error("cannot take e3");
      return event;
    })
    .to({ topic: "output" });

  it("sends a poison event to the dead letters at once, and its neighbours through", async () => {
    const { send, run, output, eventLog } = await streamFixture();
    const failures: TopologyFailure[] = [];
    await send(numbered(20));
    await eventLog.append("input", [{ key: "x", value: bytes("no event"), timestamp: 1 }]);
    const running = await run(poisoned, { onError: (failure) => failures.push(failure) });
    await running.drain();
    await running.close();
    expect((await output()).map(({ data }) => data["n"]).toSorted(ascending)).toEqual(
      Array.from({ length: 20 }, (_, i) => i).filter((n) => n !== 3),
    );
    const letters = await readTopic(eventLog, "input.dlq");
    const byCode = Object.fromEntries(letters.map((letter) => [letter.headers["code"], letter]));
    expect(Object.keys(byCode).toSorted()).toEqual(["ECAP_EVENT_MALFORMED", "ECAP_PLUGIN_FAILED"]);
    const poison = byCode["ECAP_PLUGIN_FAILED"];
    expect(poison?.headers).toMatchObject({
      message: "cannot take e3",
      attempts: "1",
      topology: "poisoned",
    });
    expect(JSON.parse(textOf(poison ?? { value: bytes("{}") }))).toMatchObject({ id: "e3" });
    expect(failures).toEqual([]);
  });

  it("tries again where everything fails, before a record goes to the dead letters", async () => {
    const { send, run, output } = await streamFixture();
    const failures: TopologyFailure[] = [];
    await send(numbered(4).slice(3));
    const running = await run(poisoned, {
      maxAttempts: 2,
      onError: (failure) => failures.push(failure),
    });
    await running.drain();
    await running.close();
    expect(failures.map(({ attempts }) => attempts)).toEqual([1, 2]);
    expect((await output("input.dlq")).map(({ id }) => id)).toEqual(["e3"]);
    expect(await output()).toEqual([]);
  });

  it("waits out what a retry can mend, and buries nothing", async () => {
    const { send, run, output } = await streamFixture();
    let failuresLeft = 12;
    const full = topology("full")
      .from({ topics: ["input"] })
      .map((event) => {
        failuresLeft -= 1;
        if (failuresLeft >= 0) throw new EcapError("ECAP_STORAGE_FULL", "no room");
        return event;
      })
      .to({ topic: "output" });
    await send(numbered(3));
    const running = await run(full, { maxAttempts: 2, backoffMs: 0.01 });
    await running.drain();
    await running.close();
    expect(await output()).toHaveLength(3);
    expect(await output("input.dlq")).toEqual([]);
  });

  it("waits while its breaker is open", async () => {
    const { send, run, output } = await streamFixture();
    let open = true;
    const breaker = { allows: () => !open, succeeded: () => {}, failed: () => {} };
    const through = topology("through")
      .from({ topics: ["input"] })
      .map((event) => event)
      .to({ topic: "output" });
    await send(numbered(4));
    const running = await run(through, { breaker });
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(await output()).toEqual([]);
    open = false;
    await running.drain();
    expect(await output()).toHaveLength(4);
    await running.close();
  });

  it("is fenced by a second run of the same topology elsewhere, and counts nothing twice", async () => {
    const { send, run, output, committer } = await streamFixture();
    const through = topology("through")
      .from({ topics: ["input"] })
      .map((event) => event)
      .to({ topic: "output" });
    await send(numbered(4));
    const running = await run(through);
    await running.drain();
    // Another process took both partitions over.
    await committer.claim("through", "input", 0);
    await committer.claim("through", "input", 1);
    await send(numbered(8).slice(4));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await output()).toHaveLength(4);
    await running.close();
    const taken = await run(through);
    await taken.drain();
    expect(await output()).toHaveLength(8);
    await taken.close();
  });

  it("refuses topics that do not exist and a state that is ahead of its log", async () => {
    const { run, committer, eventLog } = await streamFixture();
    const lost = topology("lost")
      .from({ topics: ["input"] })
      .map((event) => event)
      .to({ topic: "nowhere" });
    await expect(run(lost)).rejects.toMatchObject({ code: "ECAP_TOPIC_UNKNOWN" });
    const claim = await committer.claim("ahead", "input", 0);
    await committer.commit({
      claim,
      expectedOffset: undefined,
      nextOffset: 99,
      stateChanges: [],
      emits: [],
    });
    const messages: unknown[] = [];
    const logger = { ...silentLog, debug: (fields: unknown) => void messages.push(fields) };
    const ahead = topology("ahead")
      .from({ topics: ["input"] })
      .map((event) => event)
      .to({ topic: "output" });
    const running = await run(ahead, { logger: { ...logger, child: () => logger } });
    await eventually(() => expect(JSON.stringify(messages)).toContain("ECAP_STATE_AHEAD"));
    await running.close();
    await eventLog.close();
  });
});

const ignore = (): void => {};
const silentLog = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLog,
};
