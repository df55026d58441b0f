import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { partitionOf } from "../events/partition.ts";
import type { ManualClock } from "../memory/manual-clock.ts";
import type { EventLog, LogRecord } from "../ports/event-log.ts";
import { eventually } from "./eventually.ts";
import { readTopic, textOf, textRecord, uniqueName } from "./log-fixtures.ts";

export interface EventLogSubject {
  readonly eventLog: EventLog;
  /** Where time can be set, retention by time is tested. */
  readonly clock?: ManualClock;
  /** Where retention can be run at will, it is tested. */
  readonly enforceRetention?: () => Promise<void>;
  /** Where the log outlives the process: closes it and opens it again. */
  reopen?(): Promise<EventLogSubject>;
  close?(): Promise<void>;
}

/** What every {@link EventLog} does. `make` gives an instance of its own to each test. */
export function eventLogContract(name: string, make: () => Promise<EventLogSubject>): void {
  describe(`EventLog: ${name}`, () => {
    let subject: EventLogSubject;
    let log: EventLog;
    let topic: string;

    beforeEach(async () => {
      subject = await make();
      log = subject.eventLog;
      topic = uniqueName("topic");
    });
    afterEach(() => subject.close?.());

    describe("topics", () => {
      it("lists them by name and keeps the partitions of one that is there", async () => {
        await log.createTopic(`${topic}-b`, { partitions: 2 });
        await log.createTopic(`${topic}-a`, { partitions: 1 });
        await log.createTopic(`${topic}-b`, { partitions: 5, retentionMs: 1_000_000 });
        const mine = (await log.topics()).filter((each) => each.topic.startsWith(topic));
        expect(mine).toEqual([
          { topic: `${topic}-a`, partitions: 1 },
          { topic: `${topic}-b`, partitions: 2 },
        ]);
      });

      it("does not know one that was never created", async () => {
        const unknown = { code: "ECAP_TOPIC_UNKNOWN" };
        await expect(log.append(topic, [textRecord("a")])).rejects.toMatchObject(unknown);
        await expect(log.read(topic, 0, 0)).rejects.toMatchObject(unknown);
        await expect(log.offsets(topic)).rejects.toMatchObject(unknown);
      });
    });

    describe("append and read", () => {
      it("gives back what was appended", async () => {
        await log.createTopic(topic, { partitions: 1 });
        const headers = { type: "order.completed", note: "grüße" };
        const value = new Uint8Array([0, 1, 2, 255]);
        const [position] = await log.append(topic, [
          { key: "ключ", value, headers, timestamp: 42 },
        ]);
        const [record] = await log.read(topic, 0, position?.offset ?? -1, { waitMs: 1_000 });
        expect(record).toMatchObject({
          topic,
          partition: 0,
          offset: position?.offset,
          key: "ключ",
          headers,
          timestamp: 42,
        });
        expect([...(record?.value ?? [])]).toEqual([...value]);
      });

      it("keeps no hold on the bytes it was given", async () => {
        await log.createTopic(topic, { partitions: 1 });
        const buffer = new TextEncoder().encode("first-second");
        await log.append(topic, [{ value: buffer.subarray(6), timestamp: 1 }]);
        buffer.fill(0);
        expect((await readTopic(log, topic)).map(textOf)).toEqual(["second"]);
      });

      it("takes empty values, absent and empty keys, and no headers", async () => {
        await log.createTopic(topic, { partitions: 1 });
        await log.append(topic, [textRecord(""), textRecord("x", { key: "" })]);
        const records = await readTopic(log, topic);
        expect(records.map((record) => record.key)).toEqual([undefined, ""]);
        expect(records.map((record) => record.value.byteLength)).toEqual([0, 1]);
        expect(records.map((record) => record.headers)).toEqual([{}, {}]);
      });

      it("appends nothing for no records", async () => {
        await log.createTopic(topic, { partitions: 1 });
        expect(await log.append(topic, [])).toEqual([]);
        expect(await readTopic(log, topic)).toEqual([]);
      });

      it("keeps a key in the partition Kafka would choose, in order", async () => {
        await log.createTopic(topic, { partitions: 4 });
        const sent = Array.from({ length: 200 }, (_, i) =>
          textRecord(`${i}`, { key: `customer-${i % 7}` }),
        );
        const positions = await log.append(topic, sent);
        positions.forEach(({ partition }, i) => {
          expect(partition).toBe(partitionOf(sent[i]?.key ?? "", 4));
        });
        const records = await readTopic(log, topic);
        expect(records).toHaveLength(200);
        for (let key = 0; key < 7; key += 1) {
          const numbers = records
            .filter((record) => record.key === `customer-${key}`)
            .map((record) => Number(textOf(record)));
          expect(numbers).toEqual([...numbers].toSorted((a, b) => a - b));
        }
      });

      it("appends to the partition a record names", async () => {
        await log.createTopic(topic, { partitions: 4 });
        const positions = await log.append(topic, [
          textRecord("a", { key: "k", partition: 3 }),
          textRecord("b", { partition: 0 }),
          textRecord("c", { key: "k", partition: 2 }),
        ]);
        expect(positions.map(({ partition }) => partition)).toEqual([3, 0, 2]);
        const records = await readTopic(log, topic);
        expect(records.map((record) => `${record.partition} ${record.key}`).toSorted()).toEqual([
          "0 undefined",
          "2 k",
          "3 k",
        ]);
        await expect(log.append(topic, [textRecord("d", { partition: 4 })])).rejects.toMatchObject({
          code: "ECAP_TOPIC_UNKNOWN",
        });
      });

      it("spreads records without a key over the partitions", async () => {
        await log.createTopic(topic, { partitions: 4 });
        const used = new Set<number>();
        for (let i = 0; i < 64; i += 1) {
          const [position] = await log.append(topic, [textRecord(`${i}`)]);
          used.add(position?.partition ?? -1);
        }
        expect(used.size).toBeGreaterThan(1);
        expect(await readTopic(log, topic)).toHaveLength(64);
      });

      it("places concurrent appends at offsets of their own and orders each", async () => {
        await log.createTopic(topic, { partitions: 2 });
        const calls = await Promise.all(
          Array.from({ length: 20 }, (_, call) =>
            log.append(
              topic,
              Array.from({ length: 10 }, (_each, i) =>
                textRecord(`${call}:${i}`, { key: `${i % 3}` }),
              ),
            ),
          ),
        );
        const places = calls.flat().map(({ partition, offset }) => `${partition}/${offset}`);
        expect(new Set(places).size).toBe(200);
        for (const positions of calls) {
          for (const partition of [0, 1]) {
            const mine = positions.filter((each) => each.partition === partition);
            const offsets = mine.map((each) => each.offset);
            expect(offsets).toEqual([...offsets].toSorted((a, b) => a - b));
          }
        }
        const at = new Map(
          (await readTopic(log, topic)).map((record) => [
            `${record.partition}/${record.offset}`,
            textOf(record),
          ]),
        );
        calls.forEach((positions, call) => {
          positions.forEach(({ partition, offset }, i) => {
            expect(at.get(`${partition}/${offset}`)).toBe(`${call}:${i}`);
          });
        });
      });

      it("reads from any offset, up to the limits, and nothing past the end", async () => {
        await log.createTopic(topic, { partitions: 1 });
        const positions = await log.append(
          topic,
          Array.from({ length: 50 }, (_, i) => textRecord(`${i}`.padEnd(100, "."))),
        );
        const from = positions[20]?.offset ?? -1;
        const some = await log.read(topic, 0, from, { maxRecords: 5, waitMs: 1_000 });
        expect(some.length).toBeGreaterThan(0);
        expect(some.length).toBeLessThanOrEqual(5);
        expect(some[0]?.offset).toBe(from);
        const few = await log.read(topic, 0, from, { maxBytes: 350, waitMs: 1_000 });
        expect(few.length).toBeGreaterThan(0);
        expect(few.length).toBeLessThanOrEqual(3);
        // A record larger than the limit still comes, alone.
        expect(await log.read(topic, 0, from, { maxBytes: 10, waitMs: 1_000 })).toHaveLength(1);
        const [{ next } = { next: -1 }] = await log.offsets(topic);
        expect(next).toBeGreaterThan(positions.at(-1)?.offset ?? -1);
        expect(await log.read(topic, 0, next)).toEqual([]);
        expect(await log.read(topic, 0, next + 100)).toEqual([]);
      });

      it("waits for a first record, and no longer than asked or aborted", async () => {
        await log.createTopic(topic, { partitions: 1 });
        const waiting = log.read(topic, 0, 0, { waitMs: 10_000 });
        await new Promise((resolve) => setTimeout(resolve, 20));
        await log.append(topic, [textRecord("late")]);
        expect((await waiting).map(textOf)).toEqual(["late"]);
        const [{ next } = { next: -1 }] = await log.offsets(topic);
        expect(await log.read(topic, 0, next, { waitMs: 30 })).toEqual([]);
        const abort = new AbortController();
        const aborted = log.read(topic, 0, next, { waitMs: 60_000, signal: abort.signal });
        abort.abort();
        expect(await aborted).toEqual([]);
      });

      it("returns any sequence of appends in order, whatever the bytes", async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.array(
              fc.array(
                fc.record({
                  key: fc.option(fc.string({ unit: "grapheme", maxLength: 8 }), { nil: undefined }),
                  value: fc.uint8Array({ maxLength: 40 }),
                  headers: fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), fc.string()),
                  timestamp: fc.nat(),
                }),
                { maxLength: 8 },
              ),
              { maxLength: 6 },
            ),
            async (batches) => {
              const any = uniqueName("any");
              await log.createTopic(any, { partitions: 3 });
              const expected = new Map<string, unknown>();
              for (const batch of batches) {
                const positions = await log.append(any, batch);
                positions.forEach(({ partition, offset }, i) => {
                  const { key, value, headers, timestamp } = batch[i] ?? {};
                  const bytes = [...(value ?? [])];
                  expected.set(`${partition}/${offset}`, {
                    key,
                    value: bytes,
                    headers: { ...headers },
                    timestamp,
                  });
                });
              }
              const records = await readTopic(log, any);
              const found = records.map(({ partition, offset, key, value, headers, timestamp }) => [
                `${partition}/${offset}`,
                { key, value: [...value], headers: { ...headers }, timestamp },
              ]);
              expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
            },
          ),
          { numRuns: 25 },
        );
      });
    });

    describe("retention", () => {
      it("removes old records and says so to a reader of theirs", async (context) => {
        const { clock, enforceRetention } = subject;
        if (clock === undefined || enforceRetention === undefined) {
          {
            context.skip("the log's own clock decides when");
            return;
          }
        }
        await log.createTopic(topic, { partitions: 1, retentionMs: 1_000 });
        const [old] = await log.append(topic, [textRecord("old")]);
        clock.advance(5_000);
        const [young] = await log.append(topic, [textRecord("young")]);
        await enforceRetention();
        expect((await readTopic(log, topic)).map(textOf)).toEqual(["young"]);
        await expect(log.read(topic, 0, old?.offset ?? -1)).rejects.toMatchObject({
          code: "ECAP_OFFSET_OUT_OF_RANGE",
        });
        clock.advance(5_000);
        await enforceRetention();
        const [offsets] = await log.offsets(topic);
        expect(offsets?.earliest).toBe(offsets?.next);
        const [next] = await log.append(topic, [textRecord("new")]);
        expect(next?.offset).toBeGreaterThan(young?.offset ?? Infinity);
      });

      it("bounds the bytes of a partition, oldest first", async (context) => {
        const { enforceRetention } = subject;
        if (enforceRetention === undefined) {
          context.skip("the log itself decides when");
          return;
        }
        await log.createTopic(topic, { partitions: 1, retentionBytes: 50_000 });
        for (let i = 0; i < 20; i += 1) {
          await log.append(topic, [textRecord(`${i}`.padEnd(10_000, "."))]);
        }
        await enforceRetention();
        const kept = (await readTopic(log, topic)).map((record) =>
          Number.parseInt(textOf(record), 10),
        );
        expect(kept.length).toBeGreaterThan(0);
        expect(kept.length).toBeLessThanOrEqual(6);
        expect(kept.at(-1)).toBe(19);
        expect(kept).toEqual(kept.map((_, i) => 20 - kept.length + i));
      });
    });

    describe("consumer groups", () => {
      it("delivers every record once in order where nothing fails", async () => {
        await log.createTopic(topic, { partitions: 3 });
        const send = (from: number): Promise<unknown> =>
          log.append(
            topic,
            Array.from({ length: 50 }, (_, i) => textRecord(`${from + i}`, { key: `${i % 11}` })),
          );
        await send(0);
        const seen: LogRecord[] = [];
        const consumer = await log.consume({
          group: uniqueName("group"),
          topics: [topic],
          maxRecords: 7,
          onBatch: async ({ records }) => {
            expect(records.length).toBeGreaterThan(0);
            expect(records.length).toBeLessThanOrEqual(7);
            seen.push(...records);
          },
        });
        await send(50);
        await eventually(() => expect(seen).toHaveLength(100));
        await consumer.close();
        for (const partition of [0, 1, 2]) {
          const offsets = seen.filter((each) => each.partition === partition).map((r) => r.offset);
          expect(offsets).toEqual([...offsets].toSorted((a, b) => a - b));
        }
        expect(new Set(seen.map(textOf)).size).toBe(100);
      });

      it("gives each group every record", async () => {
        await log.createTopic(topic, { partitions: 1 });
        await log.append(topic, [textRecord("a"), textRecord("b")]);
        const seen: Record<string, string[]> = { one: [], two: [] };
        const consumers = await Promise.all(
          ["one", "two"].map((each) =>
            log.consume({
              group: uniqueName(each),
              topics: [topic],
              onBatch: async ({ records }) => void seen[each]?.push(...records.map(textOf)),
            }),
          ),
        );
        await eventually(() => expect(seen).toEqual({ one: ["a", "b"], two: ["a", "b"] }));
        await Promise.all(consumers.map((consumer) => consumer.close()));
      });

      it("goes on from the committed offset", async () => {
        await log.createTopic(topic, { partitions: 1 });
        await log.append(topic, [textRecord("a"), textRecord("b")]);
        const group = uniqueName("group");
        const consumeUntil = async (last: string): Promise<string[]> => {
          const seen: string[] = [];
          const consumer = await log.consume({
            group,
            topics: [topic],
            onBatch: async ({ records }) => void seen.push(...records.map(textOf)),
          });
          await eventually(() => expect(seen.at(-1)).toBe(last));
          await consumer.close();
          return seen;
        };
        expect(await log.committed(group, topic)).toEqual(new Map());
        expect(await consumeUntil("b")).toEqual(["a", "b"]);
        const reached = (await log.committed(group, topic)).get(0) ?? -1;
        const [position] = await log.append(topic, [textRecord("c")]);
        expect(reached).toBe(position?.offset);
        expect(await consumeUntil("c")).toEqual(["c"]);
        expect((await log.committed(group, topic)).get(0)).toBeGreaterThan(reached);
        expect(await log.committed(uniqueName("other"), topic)).toEqual(new Map());
      });

      it("begins where onAssigned says, whatever the group committed", async () => {
        await log.createTopic(topic, { partitions: 1 });
        const positions = await log.append(
          topic,
          ["a", "b", "c"].map((text) => textRecord(text)),
        );
        const seen: string[] = [];
        const revoked: string[] = [];
        const consumer = await log.consume({
          group: uniqueName("group"),
          topics: [topic],
          onAssigned: async (assigned) => {
            expect(assigned).toEqual({ topic, partition: 0 });
            return positions[1]?.offset;
          },
          onRevoked: async (each) => void revoked.push(`${each.topic}/${each.partition}`),
          onBatch: async ({ records }) => void seen.push(...records.map(textOf)),
        });
        await eventually(() => expect(seen).toEqual(["b", "c"]));
        await consumer.close();
        expect(revoked).toEqual([`${topic}/0`]);
      });

      it("brings the same records again after a failure and skips none", async () => {
        await log.createTopic(topic, { partitions: 1 });
        await log.append(
          topic,
          ["a", "b", "c", "d"].map((text) => textRecord(text)),
        );
        const attempts: string[] = [];
        const done: string[] = [];
        const errors: unknown[] = [];
        let failuresLeft = 2;
        const consumer = await log.consume({
          group: uniqueName("group"),
          topics: [topic],
          maxRecords: 2,
          onError: (error) => void errors.push(error),
          onBatch: async ({ records }) => {
            const texts = records.map(textOf);
            attempts.push(texts[0] ?? "");
            if (texts[0] !== "a" && failuresLeft > 0) {
              failuresLeft -= 1;
              throw new Error("not now");
            }
            done.push(...texts);
          },
        });
        await eventually(() => expect(done).toEqual(["a", "b", "c", "d"]));
        await consumer.close();
        expect(attempts.filter((each) => each === "c")).toHaveLength(3);
        expect(errors.map(String)).toEqual(["Error: not now", "Error: not now"]);
      });

      it("shares the partitions between two members and takes over those of one that leaves", async () => {
        await log.createTopic(topic, { partitions: 4 });
        const group = uniqueName("group");
        const held = [new Set<number>(), new Set<number>()];
        const seen: string[] = [];
        const join = (member: number) =>
          log.consume({
            group,
            topics: [topic],
            onAssigned: async ({ partition }) => void held[member]?.add(partition),
            onRevoked: async ({ partition }) => void held[member]?.delete(partition),
            onBatch: async ({ records, partition }) => {
              expect(held[member]?.has(partition)).toBe(true);
              seen.push(...records.map(textOf));
            },
          });
        const first = await join(0);
        await eventually(() => expect(held[0]?.size).toBe(4));
        const second = await join(1);
        await eventually(() => expect([held[0]?.size, held[1]?.size]).toEqual([2, 2]), {
          withinMs: 30_000,
        });
        expect(new Set([...(held[0] ?? []), ...(held[1] ?? [])]).size).toBe(4);
        const send = (text: string): Promise<unknown> =>
          log.append(
            topic,
            Array.from({ length: 20 }, (_, i) => textRecord(`${text}${i}`, { key: `${i}` })),
          );
        await send("x");
        await eventually(() => expect(new Set(seen).size).toBe(20));
        await first.close();
        await eventually(() => expect(held[1]?.size).toBe(4), { withinMs: 30_000 });
        await send("y");
        await eventually(() => expect(new Set(seen).size).toBe(40));
        await second.close();
        expect(held.map((each) => each.size)).toEqual([0, 0]);
      }, 90_000);

      it("lets the batch under way finish before it closes", async () => {
        await log.createTopic(topic, { partitions: 1 });
        await log.append(topic, [textRecord("slow")]);
        let state = "idle";
        const consumer = await log.consume({
          group: uniqueName("group"),
          topics: [topic],
          onBatch: async () => {
            state = "busy";
            await new Promise((resolve) => setTimeout(resolve, 50));
            state = "done";
          },
        });
        await eventually(() => expect(state).toBe("busy"));
        await consumer.close();
        expect(state).toBe("done");
      });
    });

    it("holds topics, records and group offsets after it was opened again", async (context) => {
      if (subject.reopen === undefined) {
        context.skip("lives as long as its process");
        return;
      }
      await log.createTopic(topic, { partitions: 2 });
      const positions = await log.append(
        topic,
        Array.from({ length: 20 }, (_, i) =>
          textRecord(`${i}`, { key: `${i}`, headers: { i: `${i}` } }),
        ),
      );
      const group = uniqueName("group");
      let count = 0;
      const consumer = await log.consume({
        group,
        topics: [topic],
        onBatch: async ({ records }) => {
          count += records.length;
        },
      });
      await eventually(() => expect(count).toBe(20));
      await consumer.close();

      subject = await subject.reopen();
      log = subject.eventLog;
      const records = await readTopic(log, topic);
      expect(records.map(textOf).toSorted()).toEqual(positions.map((_, i) => `${i}`).toSorted());
      expect(records.every((record) => record.headers["i"] === textOf(record))).toBe(true);
      const later = await log.append(topic, [textRecord("after", { key: "0" })]);
      const before = positions.filter((each) => each.partition === later[0]?.partition);
      expect(later[0]?.offset).toBeGreaterThan(Math.max(...before.map((each) => each.offset)));
      const seen: string[] = [];
      const again = await log.consume({
        group,
        topics: [topic],
        onBatch: async ({ records: batch }) => void seen.push(...batch.map(textOf)),
      });
      await eventually(() => expect(seen).toContain("after"));
      await again.close();
      expect(seen).toEqual(["after"]);
    });
  });
}
