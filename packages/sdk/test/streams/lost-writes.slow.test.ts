import { type StateEntry, type StateStore, systemClock } from "@ecap/sdk";
import { memoryEventLog } from "@ecap/sdk/memory";
import {
  count,
  type Mark,
  type OutboxLog,
  outboxCommitter,
  type RunningTopology,
  runTopology,
  type Topology,
  topology,
} from "@ecap/sdk/streams";
import { eventually, readTopic, textOf } from "@ecap/sdk/testing";
import { describe, expect, it } from "vitest";
import { decodeTestEvent, testEvent } from "./stream-fixture.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A store that can be put back to where it was, as one that had not synced its last writes when it crashed. */
function forgetfulStore(): { readonly store: StateStore } & Pick<World, "remember"> {
  let entries = new Map<string, StateEntry>();
  let versions = 0;
  const write = (key: string, value: Uint8Array | undefined, version: string): void => {
    if (value === undefined) entries.delete(key);
    else entries.set(key, { key, value, version });
  };
  const store: StateStore = {
    get: async (keys) => keys.map((key) => entries.get(key)),
    async compareAndSet({ key, value }, expected) {
      if (entries.get(key)?.version !== expected) return undefined;
      versions += 1;
      write(key, value, `v${versions}`);
      return `v${versions}`;
    },
    async writeGroup(changes, guard) {
      if (entries.get(guard.key)?.version !== guard.expected) return undefined;
      versions += 1;
      for (const { key, value } of changes) write(key, value, `v${versions}`);
      return `v${versions}`;
    },
    async *scan(prefix) {
      for (const [key, entry] of entries) if (key.startsWith(prefix)) yield entry;
    },
    contribute: () => Promise.reject(new TypeError("not asked for")),
    flush: async () => {},
  };
  return {
    store,
    remember: () => {
      const then = new Map(entries);
      return () => {
        entries = new Map(then);
      };
    },
  };
}

interface World {
  readonly send: (
    many: number,
    data?: (n: number) => Readonly<Record<string, unknown>>,
  ) => Promise<void>;
  readonly run: (built: Topology) => Promise<RunningTopology>;
  readonly output: (topic?: string) => Promise<readonly string[]>;
  /** Gives what puts the store back to now. */
  readonly remember: () => () => void;
}

/** A topology over a log and a forgetful store, which share no transaction. */
async function world(): Promise<World> {
  const eventLog = memoryEventLog();
  for (const topic of ["input", "output"]) await eventLog.createTopic(topic, { partitions: 1 });
  const marks = new Map<string, Mark>();
  const outbox: OutboxLog = {
    async takeOver({ group, topic, partition }) {
      const name = `${group}/${topic}/${partition}`;
      return {
        async delivered() {
          const mark = marks.get(name);
          const moved = (await eventLog.committed(group, topic)).get(partition);
          if (mark === undefined && moved === undefined) return undefined;
          return { step: mark?.step ?? 0, offset: Math.max(mark?.offset ?? 0, moved ?? 0) };
        },
        async deliver({ mark, emits }) {
          for (const { topic: to, record } of emits) await eventLog.append(to, [record]);
          marks.set(name, mark);
        },
      };
    },
  };
  const { store: stateStore, remember } = forgetfulStore();
  let sent = 0;
  return {
    remember,
    send: async (
      many: number,
      data: (n: number) => Readonly<Record<string, unknown>> = () => ({}),
    ): Promise<void> => {
      const events = Array.from({ length: many }, (_, i) =>
        testEvent({ id: `e${sent + i}`, time: Date.now(), data: data(sent + i) }),
      );
      sent += many;
      const records = events.map((event) => ({
        value: bytes(JSON.stringify(event)),
        timestamp: 1,
      }));
      await eventLog.append("input", records);
    },
    run: (built: Topology): Promise<RunningTopology> =>
      runTopology({
        topology: built,
        eventLog,
        stateStore,
        committer: outboxCommitter({ eventLog: { ...eventLog, ...outbox }, stateStore }),
        clock: systemClock,
        decode: decodeTestEvent,
        maxRecords: 7,
        maxAttempts: 2,
        backoffMs: 1,
      }),
    output: async (topic = "output") => (await readTopic(eventLog, topic)).map(textOf),
  };
}

const numbered = topology("numbered")
  .from({ topics: ["input"] })
  .process(async (events, { get, set, emit }) => {
    if (events.some(({ data }) => data["poison"] === true)) throw new Error("poison");
    const [held] = await get(["n"]);
    let n = held === undefined ? 0 : Number(textOf({ value: held }));
    for (const { id } of events) {
      n += 1;
      emit("output", { value: bytes(`${n} ${id}`), timestamp: 1 });
    }
    set("n", bytes(String(n)));
  });

describe("a state store that lost its last writes under a topology at work", () => {
  it("is brought up to what the consumer is at, and every event is counted once", async () => {
    const { send, run, remember, output } = await world();
    await send(20);
    const running = await run(numbered);
    await running.drain();
    const goBack = remember();
    await send(30);
    await running.drain();
    goBack();
    await send(5);
    const all = Array.from({ length: 55 }, (_, n) => `${n + 1} e${n}`);
    await eventually(async () => expect(await output()).toHaveLength(all.length));
    await running.close();
    expect(await output()).toEqual(all);
  });

  it("buries a poison message among those that come again once, and no other", async () => {
    const { send, run, remember, output } = await world();
    await send(5);
    const running = await run(numbered);
    await running.drain();
    const goBack = remember();
    await send(20, (n) => ({ poison: n === 12 }));
    await running.drain();
    goBack();
    await send(1);
    const kept = Array.from({ length: 26 }, (_, n) => `e${n}`).filter((id) => id !== "e12");
    const all = kept.map((id, n) => `${n + 1} ${id}`);
    await eventually(async () => expect(await output()).toHaveLength(all.length));
    await running.close();
    expect(await output()).toEqual(all);
    expect(await output("input.dlq")).toHaveLength(1);
  });

  it("starts from the beginning where the store lost all there was", async () => {
    const { send, run, remember, output } = await world();
    const goBack = remember();
    await send(20);
    const before = await run(numbered);
    await before.drain();
    await before.close();
    goBack();
    await send(5);
    const after = await run(numbered);
    await after.drain();
    await after.close();
    expect(await output()).toEqual(Array.from({ length: 25 }, (_, n) => `${n + 1} e${n}`));
  });

  it("closes the windows of what it had lost although nothing comes any more", async () => {
    const { send, run, remember, output } = await world();
    const sessions = topology("windows")
      .from({ topics: ["input"], idleAfterMs: 200 })
      .keyBy(() => "all")
      .sessionWindow({ gapMs: 100, aggregate: { n: count } })
      .to({ topic: "output" });
    const running = await run(sessions);
    const goBack = remember();
    await send(9);
    await running.drain();
    goBack();
    await eventually(async () => expect(await output()).toHaveLength(1));
    await running.close();
    expect((await output()).map((text) => JSON.parse(text).data.n)).toEqual([9]);
  });
});
