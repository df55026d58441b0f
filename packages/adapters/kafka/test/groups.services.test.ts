import { eventually, textOf, textRecord, uniqueName } from "@ecap/sdk/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { KafkaEventLog } from "../src/index.ts";
import { brokers, skipReason, testLog } from "./services.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

describe.skipIf(brokers === undefined)(`consumer groups, ${skipReason}`, () => {
  let log: KafkaEventLog;
  let topicPrefix: string;
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);

  beforeEach(() => {
    errors.length = 0;
    topicPrefix = `${uniqueName("groups")}.`;
    log = testLog({ topicPrefix });
  });
  afterEach(() => log.close());

  const append = (count: number, from = 0): Promise<unknown> =>
    log.append(
      "orders",
      Array.from({ length: count }, (_, i) =>
        textRecord(`${from + i}`, { key: `${(from + i) % 17}` }),
      ),
    );

  it("keeps a member whose batch takes longer than its session, and brings nothing twice", async () => {
    await log.createTopic("orders", { partitions: 2 });
    await append(20);
    const seen: string[] = [];
    let slowMs = 6_000; // three sessions
    const consumer = await log.consume({
      group: "slow",
      topics: ["orders"],
      onError,
      onBatch: async ({ records }) => {
        const ms = slowMs;
        slowMs = 0;
        await sleep(ms);
        seen.push(...records.map(textOf));
      },
    });
    await eventually(() => expect(seen).toHaveLength(20), { withinMs: 20_000 });
    await consumer.close();
    expect(seen.toSorted()).toEqual(numbers(20).toSorted());
    expect(errors).toEqual([]);
  });

  it("lets another member wait for a batch under way before a partition changes hands", async () => {
    await log.createTopic("orders", { partitions: 2 });
    const busy = new Set<number>();
    const seen: string[] = [];
    const join = (ms: number) =>
      log.consume({
        group: "handover",
        topics: ["orders"],
        maxRecords: 5,
        onError,
        onBatch: async ({ partition, records }) => {
          expect(busy.has(partition)).toBe(false);
          busy.add(partition);
          await sleep(ms);
          seen.push(...records.map(textOf));
          busy.delete(partition);
        },
      });
    await append(40);
    const first = await join(1_000);
    await eventually(() => expect(busy.size).toBeGreaterThan(0));
    const second = await join(10);
    await eventually(() => expect(seen).toHaveLength(40), { withinMs: 30_000 });
    await Promise.all([first.close(), second.close()]);
    expect(seen.toSorted()).toEqual(numbers(40).toSorted());
    expect(errors).toEqual([]);
  });

  it("loses, repeats and reorders nothing while members come and go", async () => {
    await log.createTopic("orders", { partitions: 6 });
    const total = 3_000;
    const last = new Map<number, number>();
    const seen: string[] = [];
    const join = () =>
      log.consume({
        group: "restless",
        topics: ["orders"],
        maxRecords: 20,
        onError,
        onBatch: async ({ partition, records }) => {
          for (const record of records) {
            expect(record.offset).toBeGreaterThan(last.get(partition) ?? -1);
            last.set(partition, record.offset);
            seen.push(textOf(record));
          }
          await sleep(2);
        },
      });
    const members = [await join()];
    const appending = (async () => {
      for (let from = 0; from < total; from += 30) {
        await append(30, from);
        await sleep(20);
      }
    })();
    for (let change = 0; change < 8; change += 1) {
      await sleep(250);
      if (change % 3 === 2) await members.shift()?.close();
      else members.push(await join());
    }
    await appending;
    await eventually(() => expect(seen.length).toBeGreaterThanOrEqual(total), { withinMs: 30_000 });
    await Promise.all(members.map((member) => member.close()));
    expect(errors).toEqual([]);
    expect(seen).toHaveLength(total);
    expect(new Set(seen).size).toBe(total);
    const committed = await log.committed("restless", "orders");
    for (const { partition, next } of await log.offsets("orders")) {
      expect(committed.get(partition)).toBe(next);
    }
  });

  it("moves as few partitions as the balance asks for", async () => {
    await log.createTopic("orders", { partitions: 6 });
    const held = [new Set<number>(), new Set<number>(), new Set<number>()];
    let assigned = 0;
    const join = (member: number) =>
      log.consume({
        group: "sticky",
        topics: ["orders"],
        onError,
        onAssigned: async ({ partition }) => {
          assigned += 1;
          held[member]?.add(partition);
          return undefined;
        },
        onRevoked: async ({ partition }) => void held[member]?.delete(partition),
        onBatch: async () => {},
      });
    const sizes = (): number[] => held.map((each) => each.size);
    const first = await join(0);
    await eventually(() => expect(sizes()).toEqual([6, 0, 0]));
    const second = await join(1);
    await eventually(() => expect(sizes()).toEqual([3, 3, 0]));
    const third = await join(2);
    await eventually(() => expect(sizes()).toEqual([2, 2, 2]));
    expect(assigned).toBe(6 + 3 + 2);
    await second.close();
    await eventually(() => expect(sizes()).toEqual([3, 0, 3]));
    expect(assigned).toBe(6 + 3 + 2 + 2);
    await Promise.all([first.close(), third.close()]);
    expect(sizes()).toEqual([0, 0, 0]);
    expect(errors).toEqual([]);
  });

  it("goes on trying a batch that fails, while the other partitions go on", async () => {
    await log.createTopic("orders", { partitions: 2 });
    await log.append("orders", [
      textRecord("poison", { partition: 0 }),
      textRecord("behind", { partition: 0 }),
    ]);
    let attempts = 0;
    let poisoned = true;
    const seen: string[] = [];
    const consumer = await log.consume({
      group: "poisoned",
      topics: ["orders"],
      onError,
      onBatch: async ({ records }) => {
        const texts = records.map(textOf);
        if (texts[0] === "poison" && poisoned) {
          attempts += 1;
          throw new Error("poisoned");
        }
        seen.push(...texts);
      },
    });
    // More attempts than kafkajs makes before it stops a consumer for good.
    await eventually(() => expect(attempts).toBeGreaterThan(6), { withinMs: 20_000 });
    await log.append("orders", [textRecord("other", { partition: 1 })]);
    await eventually(() => expect(seen).toEqual(["other"]));
    // A member that joins meanwhile does not wait for it either.
    const second = await log.consume({
      group: "poisoned",
      topics: ["orders"],
      onBatch: async ({ records }) => void seen.push(...records.map(textOf)),
    });
    await second.close();
    poisoned = false;
    await eventually(() => expect(seen).toContain("behind"), { withinMs: 15_000 });
    await consumer.close();
    expect(seen.toSorted()).toEqual(["behind", "other", "poison"]);
    expect(errors.length).toBeGreaterThanOrEqual(attempts);
  });

  it("closes in the middle of joining, and of reading", async () => {
    await log.createTopic("orders", { partitions: 1 });
    const blocked = await log.consume({
      group: "closing",
      topics: ["orders"],
      onBatch: async () => sleep(3_000),
    });
    await append(1);
    await sleep(500);
    // Its join waits for the first member's batch.
    const waiting = await log.consume({
      group: "closing",
      topics: ["orders"],
      onBatch: async () => {},
    });
    await sleep(300);
    const begun = Date.now();
    await waiting.close();
    expect(Date.now() - begun).toBeLessThan(2_000);
    await blocked.close();
    const reading = log.read("orders", 0, 1, { waitMs: 60_000 });
    const failing = expect(reading).rejects.toMatchObject({ code: "ECAP_STORAGE_CLOSED" });
    await sleep(50);
    await log.close();
    await failing;
    await expect(log.append("orders", [])).rejects.toMatchObject({ code: "ECAP_STORAGE_CLOSED" });
  });

  it("begins at the earliest record where retention removed what it stood at", async () => {
    await log.createTopic("orders", { partitions: 1 });
    await append(10);
    const admin = log.client.admin();
    await admin.connect();
    await admin.fetchTopicMetadata({ topics: [`${topicPrefix}orders`] }); // kafkajs needs to have seen it
    await admin.deleteTopicRecords({
      topic: `${topicPrefix}orders`,
      partitions: [{ partition: 0, offset: "4" }],
    });
    await admin.disconnect();
    await expect(log.read("orders", 0, 0)).rejects.toMatchObject({
      code: "ECAP_OFFSET_OUT_OF_RANGE",
    });
    const seen: string[] = [];
    const consumer = await log.consume({
      group: "behind",
      topics: ["orders"],
      onError,
      onAssigned: async () => 0,
      onBatch: async ({ records }) => void seen.push(...records.map(textOf)),
    });
    await eventually(() => expect(seen).toEqual(["4", "5", "6", "7", "8", "9"]));
    await consumer.close();
    expect(errors).toMatchObject([{ code: "ECAP_OFFSET_OUT_OF_RANGE" }]);
  });
});
