import * as fc from "fast-check";
import { expect, test } from "vitest";
import { hashId, SeenIds, type SeenIdsOptions } from "../../src/dedupe/index.ts";
import { type ManualClock, manualClock, memory, memoryStateStore } from "../../src/memory/index.ts";
import type { EventLog, StateChange, StateStore } from "../../src/ports/index.ts";

const topic = "t";
const windowMs = 1_000_000;

interface Recorded {
  readonly store: StateStore;
  readonly changes: readonly StateChange[];
}

/** A state store that begins with these writes and keeps the list, so that it can be made again as it was after any prefix of them: as after a crash. */
function recordedStore(clock: ManualClock, earlier: readonly StateChange[] = []): Recorded {
  const inner = memoryStateStore({ clock });
  const changes = [...earlier];
  inner.applyNow(changes);
  return {
    changes,
    store: {
      ...inner,
      async compareAndSet(change, expected) {
        const version = await inner.compareAndSet(change, expected);
        if (version !== undefined) changes.push(change);
        return version;
      },
    },
  };
}

function options(
  clock: ManualClock,
  eventLog: EventLog,
  stateStore: StateStore,
  more: Partial<SeenIdsOptions> = {},
): SeenIdsOptions {
  return {
    name: "test",
    clock,
    eventLog,
    stateStore,
    topics: [topic],
    windowMs,
    maxIds: 100_000,
    blockIds: 4,
    identify: ({ value }) => [hashId("acme", new TextDecoder().decode(value))],
    ...more,
  };
}

function append(eventLog: EventLog, ids: readonly string[]) {
  return eventLog.append(
    topic,
    ids.map((id) => ({ key: id, value: new TextEncoder().encode(id), timestamp: 0 })),
  );
}

type Step =
  | { readonly kind: "append"; readonly count: number; readonly marksLater: boolean }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "crash"; readonly lost: number }
  | { readonly kind: "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      count: fc.integer({ min: 1, max: 12 }),
      marksLater: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), lost: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);

test("after restarts and crashes at any point an id is known exactly if it stands in the log", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = manualClock(1_000);
      const { eventLog } = memory({ clock });
      await eventLog.createTopic(topic, { partitions: 3 });
      let recorded = recordedStore(clock);
      let seen = await SeenIds.restore(options(clock, eventLog, recorded.store));
      let made = 0;
      /** Appended, not yet marked: what an append that takes long looks like. */
      let unmarked: Array<() => void> = [];
      let overtaken = false;
      const check = () => {
        for (let id = 0; id < made; id += 1)
          expect(seen.has(hashId("acme", String(id))), `id ${id} of ${made}`).toBe(true);
        expect(seen.has(hashId("acme", "never"))).toBe(false);
      };
      for (const todo of steps) {
        if (todo.kind === "wait") clock.advance(todo.ms);
        if (todo.kind === "append") {
          const ids = Array.from({ length: todo.count }, (_, i) => String(made + i));
          const places = await append(eventLog, ids);
          made += todo.count;
          const mark = () =>
            places.forEach(({ partition, offset }, i) =>
              seen.add(hashId("acme", ids[i] ?? ""), topic, partition, offset),
            );
          // An append that takes long is marked after the next one, as another block may be written between.
          const waits = todo.marksLater && unmarked.length === 0;
          if (!waits && overtaken) {
            for (const earlier of unmarked) earlier();
            unmarked = [];
          }
          overtaken = !waits && unmarked.length > 0;
          if (waits) unmarked.push(mark);
          else mark();
          await new Promise((resolve) => setImmediate(resolve));
        }
        if (todo.kind === "crash") {
          // Appends under way at a crash are in the log and were never marked.
          unmarked = [];
          await new Promise((resolve) => setImmediate(resolve));
          const kept = recorded.changes.slice(0, Math.max(0, recorded.changes.length - todo.lost));
          recorded = recordedStore(clock, kept);
          seen = await SeenIds.restore(options(clock, eventLog, recorded.store));
          check();
        }
        if (todo.kind === "restart") {
          for (const earlier of unmarked) earlier();
          unmarked = [];
          await seen.close();
          seen = await SeenIds.restore(options(clock, eventLog, recorded.store));
          check();
        }
      }
      for (const earlier of unmarked) earlier();
      check();
    }),
    { numRuns: 150 },
  );
});

test("after a clean restart the log need not be read", async () => {
  const clock = manualClock(1_000);
  const { eventLog, stateStore } = memory({ clock });
  await eventLog.createTopic(topic, { partitions: 2 });
  const first = await SeenIds.restore(options(clock, eventLog, stateStore));
  const ids = Array.from({ length: 100 }, (_, i) => String(i));
  const places = await append(eventLog, ids);
  places.forEach(({ partition, offset }, i) =>
    first.add(hashId("acme", ids[i] ?? ""), topic, partition, offset),
  );
  await first.close();
  const unread: EventLog = {
    ...eventLog,
    read: async () => expect.fail("the log was read"),
  };
  const second = await SeenIds.restore(options(clock, unread, stateStore));
  expect(second.size).toBe(100);
});

test("without any block the log says it all, as far back as the bound on ids reaches", async () => {
  const clock = manualClock(1_000);
  const { eventLog, stateStore } = memory({ clock });
  await eventLog.createTopic(topic, { partitions: 1 });
  await append(
    eventLog,
    Array.from({ length: 1_000 }, (_, i) => String(i)),
  );
  const seen = await SeenIds.restore(options(clock, eventLog, stateStore, { maxIds: 400 }));
  expect(seen.has(hashId("acme", "999"))).toBe(true);
  expect(seen.has(hashId("acme", "599"))).toBe(false);
  expect(seen.size).toBeLessThanOrEqual(400);
});

test("blocks past the window count no more", async () => {
  const clock = manualClock(1_000);
  const { eventLog, stateStore } = memory({ clock });
  await eventLog.createTopic(topic, { partitions: 1 });
  const first = await SeenIds.restore(options(clock, eventLog, stateStore));
  const [place] = await append(eventLog, ["old"]);
  first.add(hashId("acme", "old"), topic, 0, place?.offset ?? 0);
  await first.close();
  clock.advance(windowMs * 1.2);
  const second = await SeenIds.restore(options(clock, eventLog, stateStore));
  expect(second.has(hashId("acme", "old"))).toBe(false);
});

test("a block that could not be written is written later, and forgets nothing meanwhile", async () => {
  const clock = manualClock(1_000);
  const { eventLog } = memory({ clock });
  await eventLog.createTopic(topic, { partitions: 1 });
  const inner = memoryStateStore({ clock });
  let broken = true;
  const stateStore: StateStore = {
    ...inner,
    compareAndSet: async (change, expected) => {
      if (broken) throw new Error("no space");
      return inner.compareAndSet(change, expected);
    },
  };
  const seen = await SeenIds.restore(options(clock, eventLog, stateStore));
  const mark = async (from: number, to: number) => {
    const ids = Array.from({ length: to - from }, (_, i) => String(from + i));
    const places = await append(eventLog, ids);
    for (const [i, { partition, offset }] of places.entries())
      seen.add(hashId("acme", ids[i] ?? ""), topic, partition, offset);
    await new Promise((resolve) => setImmediate(resolve));
  };
  await mark(0, 50);
  broken = false;
  await mark(50, 200);
  const restored = await SeenIds.restore(options(clock, eventLog, inner));
  for (let id = 0; id < 200; id += 1)
    expect(restored.has(hashId("acme", String(id))), String(id)).toBe(true);
});
