import { eventually, readTopic, textOf, textRecord, uniqueName } from "@ecap/sdk/testing";
import kafkajs from "kafkajs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KafkaEventLog } from "../src/index.ts";
import { deferred } from "./deferred.ts";
import { brokers, skipReason, testLog } from "./services.ts";

const place = { group: "topology/t", topic: "input", partition: 1 };
const fenced = { code: "ECAP_FENCED" };

const emit = (text: string, partition = 0) => ({
  topic: "output",
  record: textRecord(text, { partition }),
});

describe.skipIf(brokers === undefined)(`outbox, ${skipReason}`, () => {
  let log: KafkaEventLog;
  let other: KafkaEventLog;
  let topicPrefix: string;

  beforeEach(async () => {
    topicPrefix = `${uniqueName("outbox")}.`;
    log = testLog({ topicPrefix });
    other = testLog({ topicPrefix });
    await log.createTopic("input", { partitions: 3 });
    await log.createTopic("output", { partitions: 2 });
  });
  afterEach(async () => {
    await Promise.all([log.close(), other.close()]);
  });

  const texts = async (): Promise<string[]> => (await readTopic(other, "output")).map(textOf);

  it("delivers records and offset together, and only to who took over last", async () => {
    await expect(log.deliver({ ...place, nextOffset: 1, emits: [] })).rejects.toMatchObject(fenced);
    await log.takeOver(place);
    expect(await log.delivered(place)).toBeUndefined();
    await log.deliver({ ...place, nextOffset: 5, emits: [emit("a"), emit("b", 1)] });
    expect(await log.delivered(place)).toBe(5);
    await other.takeOver(place);
    const late = log.deliver({ ...place, nextOffset: 9, emits: [emit("late")] });
    await expect(late).rejects.toMatchObject(fenced);
    expect(await other.delivered(place)).toBe(5);
    await other.deliver({ ...place, nextOffset: 9, emits: [emit("c")] });
    expect(await texts()).toEqual(["a", "c", "b"]);
    expect(await log.committed(place.group, "input")).toEqual(new Map([[1, 9]]));
  });

  it("hides a delivery that its owner did not finish, and decides it at the next take-over", async () => {
    await log.takeOver(place);
    // The broker refuses the second topic's batch in the middle of the transaction.
    await log.createTopic("small", { partitions: 1 });
    const tooLarge = { topic: "small", record: { value: new Uint8Array(3_000_000), timestamp: 1 } };
    const failing = log.deliver({ ...place, nextOffset: 3, emits: [emit("aborted"), tooLarge] });
    await expect(failing).rejects.toMatchObject({ code: "ECAP_EVENT_TOO_LARGE" });
    const again = log.deliver({ ...place, nextOffset: 3, emits: [emit("x")] });
    await expect(again).rejects.toMatchObject(fenced);
    await other.takeOver(place);
    expect(await other.delivered(place)).toBeUndefined();
    await other.append("output", [textRecord("plain", { partition: 0 })]);
    expect(await texts()).toEqual(["plain"]);
  });

  it("ends the transaction of an owner that died in the middle of it", async () => {
    const id = `${topicPrefix}ecap/${place.group}/${place.topic}/${place.partition}`;
    const dying = log.client.producer({
      transactionalId: id,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await dying.connect();
    const transaction = await dying.transaction();
    const topic = `${topicPrefix}output`;
    await transaction.send({ topic, messages: [{ value: "half", partition: 0 }] });
    await transaction.sendOffsets({
      consumerGroupId: `${topicPrefix}${place.group}`,
      topics: [{ topic: `${topicPrefix}input`, partitions: [{ partition: 1, offset: "7" }] }],
    });
    await other.append("output", [textRecord("after", { partition: 0 })]);
    // Undecided, it holds back what was appended after it.
    expect(await other.read("output", 0, 0, { waitMs: 50 })).toEqual([]);
    await other.takeOver(place);
    expect(await other.delivered(place)).toBeUndefined();
    expect(await texts()).toEqual(["after"]);
    await expect(transaction.commit()).rejects.toThrow();
    await dying.disconnect();
  });

  it("says of a log that ends in markers where the last record is, and waits for nothing after it", async () => {
    await log.takeOver(place);
    for (let i = 1; i <= 3; i += 1) {
      await log.deliver({ ...place, nextOffset: i, emits: [emit(`${i}`), emit(`${i}`, 1)] });
    }
    await expect(
      log.deliver({
        ...place,
        nextOffset: 4,
        emits: [
          emit("aborted"),
          {
            topic: "output",
            record: { value: new Uint8Array(3_000_000), timestamp: 1, partition: 1 },
          },
        ],
      }),
    ).rejects.toMatchObject({ code: "ECAP_EVENT_TOO_LARGE" });
    await eventually(async () => {
      for (const { partition, next } of await other.offsets("output")) {
        const [last] = await other.read("output", partition, next - 1);
        expect(last && textOf(last)).toBe("3");
        expect(await other.read("output", partition, next)).toEqual([]);
      }
    });
    const seen: string[] = [];
    const consumer = await other.consume({
      group: "reader",
      topics: ["output"],
      onBatch: async ({ records }) => void seen.push(...records.map(textOf)),
    });
    await eventually(() => expect(seen.toSorted()).toEqual(["1", "1", "2", "2", "3", "3"]));
    await consumer.close();
    const reached = await other.committed("reader", "output");
    for (const { partition, next } of await other.offsets("output")) {
      expect(reached.get(partition)).toBe(next);
    }
  });

  it("keeps order and count of many deliveries of many places at once", async () => {
    const places = [0, 1, 2].map((partition) => ({ ...place, partition }));
    await Promise.all(places.map((each) => log.takeOver(each)));
    await Promise.all(
      places.map(async (each) => {
        for (let i = 0; i < 20; i += 1) {
          const emits = [emit(`${each.partition}:${i}`), emit(`${each.partition}:${i}`, 1)];
          await log.deliver({ ...each, nextOffset: i + 1, emits });
        }
      }),
    );
    const found = await readTopic(other, "output");
    for (const { partition } of places) {
      for (const output of [0, 1]) {
        const mine = found.filter(
          (record) => record.partition === output && textOf(record).startsWith(`${partition}:`),
        );
        expect(mine.map(textOf)).toEqual(Array.from({ length: 20 }, (_, i) => `${partition}:${i}`));
      }
    }
  });

  it("splits what no batch holds, and delivers it at once", async () => {
    await log.takeOver(place);
    const emits = Array.from({ length: 40 }, (_, i) => ({
      topic: "output",
      record: { value: Buffer.alloc(100_000, `${i % 10}`), timestamp: i, partition: 0 },
    }));
    await log.deliver({ ...place, nextOffset: 1, emits });
    expect((await readTopic(other, "output")).map(({ timestamp }) => timestamp)).toEqual(
      emits.map(({ record }) => record.timestamp),
    );
  });

  it("keeps a group's offset where a consumer that begins earlier repeats what the group did", async () => {
    await log.append(
      "input",
      Array.from({ length: 6 }, (_, i) => textRecord(`${i}`, { partition: 1 })),
    );
    await log.takeOver(place);
    await log.deliver({ ...place, nextOffset: 4, emits: [] });
    const seen: string[] = [];
    const release = deferred();
    const consumer = await log.consume({
      group: place.group,
      topics: ["input"],
      maxRecords: 2,
      onAssigned: async () => 0,
      onBatch: async ({ records }) => {
        seen.push(...records.map(textOf));
        if (seen.length === 4) await release.promise;
      },
    });
    await eventually(() => expect(seen).toHaveLength(4));
    expect((await log.committed(place.group, "input")).get(1)).toBe(4);
    release.resolve();
    await eventually(() => expect(seen).toHaveLength(6));
    await consumer.close();
    expect((await log.committed(place.group, "input")).get(1)).toBe(6);
  });
});
