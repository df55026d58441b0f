import { eventually, readTopic, textOf, textRecord, uniqueName } from "@ecap/sdk/testing";
import kafkajs from "kafkajs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KafkaEventLog } from "../src/index.ts";
import { openLink } from "../src/wire/link.ts";
import { txnOffsetCommitRequest } from "../src/wire/txn-offset-commit-request.ts";
import { deferred } from "./deferred.ts";
import { brokers, skipReason, testLog } from "./services.ts";

const place = { group: "topology/t", topic: "input", partition: 1 };
const fenced = { code: "ECAP_FENCED" };

const at = (offset: number, step = 0) => ({ offset, step });

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
    const owner = await log.takeOver(place);
    expect(await owner.delivered()).toBeUndefined();
    await owner.deliver({ mark: at(5, 2), emits: [emit("a"), emit("b", 1)] });
    expect(await owner.delivered()).toEqual(at(5, 2));
    const next = await other.takeOver(place);
    const late = owner.deliver({ mark: at(9), emits: [emit("late")] });
    await expect(late).rejects.toMatchObject(fenced);
    expect(await next.delivered()).toEqual(at(5, 2));
    await next.deliver({ mark: at(9), emits: [emit("c")] });
    expect(await texts()).toEqual(["a", "c", "b"]);
    expect(await log.committed(place.group, "input")).toEqual(new Map([[1, 9]]));
  });

  it("hides a delivery that its owner did not finish, and decides it at the next take-over", async () => {
    const owner = await log.takeOver(place);
    // The broker refuses the second topic's batch in the middle of the transaction.
    await log.createTopic("small", { partitions: 1 });
    const tooLarge = { topic: "small", record: { value: new Uint8Array(3_000_000), timestamp: 1 } };
    const failing = owner.deliver({ mark: at(3), emits: [emit("aborted"), tooLarge] });
    await expect(failing).rejects.toMatchObject({ code: "ECAP_EVENT_TOO_LARGE" });
    const again = owner.deliver({ mark: at(3), emits: [emit("x")] });
    await expect(again).rejects.toMatchObject(fenced);
    const next = await other.takeOver(place);
    expect(await next.delivered()).toBeUndefined();
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
    const next = await other.takeOver(place);
    expect(await next.delivered()).toBeUndefined();
    expect(await texts()).toEqual(["after"]);
    await expect(transaction.commit()).rejects.toThrow();
    await dying.disconnect();
  });

  it("loses nothing of a transaction by what its predecessor still sends", async () => {
    const link = openLink(log.client);
    const transactionalId = `${topicPrefix}ecap/${place.group}/${place.topic}/${place.partition}`;
    const groupId = `${topicPrefix}${place.group}`;
    const topicName = `${topicPrefix}input`;
    const broker = await link.any();
    const old = await broker.initProducerId({ transactionalId, transactionTimeout: 10_000 });
    const owner = log.client.producer({
      transactionalId,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await owner.connect();
    const transaction = await owner.transaction();
    const topics = [{ topic: topicName, partitions: [{ partition: 1, offset: "7" }] }];
    await transaction.sendOffsets({ consumerGroupId: groupId, topics });
    const late = link.send(
      broker,
      txnOffsetCommitRequest({
        ...old,
        transactionalId,
        groupId,
        member: { memberId: "dropped", generationId: 1 },
        topicName,
        partition: 1,
        offset: 5,
        metadata: "",
      }),
    );
    await expect(late).rejects.toThrow(/unknownMember|illegalGeneration/);
    await transaction.commit();
    const next = await other.takeOver(place);
    expect(await next.delivered()).toMatchObject({ offset: 7 });
    await owner.disconnect();
    link.close();
  });

  it("delivers as the member that holds the partition, and not as one that does not", async () => {
    const options = { group: place.group, topics: ["input"], onBatch: async () => {} };
    const taken = new Set<number>();
    const onAssigned = async ({ partition }: { partition: number }) => {
      taken.add(partition);
      return 0;
    };
    const consumer = await log.consume({ ...options, onAssigned });
    await eventually(() => expect(taken.size).toBe(3));
    const owner = await log.takeOver(place);
    await owner.deliver({ mark: at(1), emits: [emit("a")] });
    const lost: number[] = [];
    const second = await other.consume({
      ...options,
      onAssigned: async ({ partition }) => {
        lost.push(partition);
        return 0;
      },
    });
    await eventually(() => expect(lost).toHaveLength(1));
    const elsewhere = { ...place, partition: lost[0] ?? -1 };
    const straggler = await log.takeOver(elsewhere);
    await expect(straggler.deliver({ mark: at(1), emits: [] })).rejects.toMatchObject(fenced);
    const holder = await other.takeOver(elsewhere);
    await holder.deliver({ mark: at(2), emits: [emit("b")] });
    await Promise.all([consumer.close(), second.close()]);
    expect(await texts()).toEqual(["a", "b"]);
  });

  it("says of a log that ends in markers where the last record is, and waits for nothing after it", async () => {
    const owner = await log.takeOver(place);
    for (let i = 1; i <= 3; i += 1) {
      await owner.deliver({ mark: at(i), emits: [emit(`${i}`), emit(`${i}`, 1)] });
    }
    await expect(
      owner.deliver({
        mark: at(4),
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
    await Promise.all(
      places.map(async (each) => {
        const owner = await log.takeOver(each);
        for (let i = 0; i < 20; i += 1) {
          const emits = [emit(`${each.partition}:${i}`), emit(`${each.partition}:${i}`, 1)];
          await owner.deliver({ mark: at(i + 1), emits });
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
    const owner = await log.takeOver(place);
    const emits = Array.from({ length: 40 }, (_, i) => ({
      topic: "output",
      record: { value: Buffer.alloc(100_000, `${i % 10}`), timestamp: i, partition: 0 },
    }));
    await owner.deliver({ mark: at(1), emits });
    expect((await readTopic(other, "output")).map(({ timestamp }) => timestamp)).toEqual(
      emits.map(({ record }) => record.timestamp),
    );
  });

  it("keeps a group's offset where a consumer that begins earlier repeats what the group did", async () => {
    await log.append(
      "input",
      Array.from({ length: 6 }, (_, i) => textRecord(`${i}`, { partition: 1 })),
    );
    const owner = await log.takeOver(place);
    await owner.deliver({ mark: at(4), emits: [] });
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
