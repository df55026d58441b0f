import type { LogRecord } from "@ecap/sdk";
import { memoryStateStore } from "@ecap/sdk/memory";
import { outboxCommitter } from "@ecap/sdk/streams";
import { eventually, readTopic, textOf, textRecord } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnServices, ownServices } from "../../../../scripts/services/control.ts";
import { type KafkaEventLog, kafkaEventLog } from "../src/index.ts";
import { quickTimeouts } from "./services.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a broker that goes and comes back", () => {
  let services: OwnServices;
  let log: KafkaEventLog;
  const errors: unknown[] = [];

  beforeAll(async () => {
    services = await ownServices(["kafka"]);
    const brokers = services.env["ECAP_TEST_KAFKA_BROKERS"]?.split(",") ?? [];
    log = kafkaEventLog({ brokers, ...quickTimeouts, appendTimeoutMs: 60_000 });
  }, 240_000);
  afterAll(async () => {
    await log?.close();
    await services?.close();
  }, 60_000);

  it("loses nothing that was acknowledged, and goes on appending and consuming", async () => {
    await log.createTopic("orders", { partitions: 3 });
    const acknowledged: string[] = [];
    const seen = new Map<string, number>();
    const places = new Map<string, LogRecord>();
    const stopped = new AbortController();
    const appending = (async () => {
      for (let i = 0; !stopped.signal.aborted; i += 10) {
        const texts = Array.from({ length: 10 }, (_, each) => `${i + each}`);
        await log.append(
          "orders",
          texts.map((text) => textRecord(text, { key: text })),
        );
        acknowledged.push(...texts);
        await sleep(5);
      }
    })();
    const consumer = await log.consume({
      group: "watchers",
      topics: ["orders"],
      maxRecords: 50,
      onError: (error) => void errors.push(error),
      onBatch: async ({ records }) => {
        for (const record of records) {
          seen.set(textOf(record), (seen.get(textOf(record)) ?? 0) + 1);
          places.set(textOf(record), record);
        }
      },
    });
    await eventually(async () => {
      expect((await log.committed("watchers", "orders")).size).toBe(3);
      expect(seen.size).toBeGreaterThan(100);
    });
    const committed = await log.committed("watchers", "orders");
    await services.control.kill("kafka");
    await sleep(1_000);
    const atKill = acknowledged.length;
    await services.control.restart("kafka");
    await eventually(() => expect(acknowledged.length).toBeGreaterThan(atKill + 200), {
      withinMs: 60_000,
    });
    stopped.abort();
    await appending;
    await eventually(() => expect(acknowledged.every((text) => seen.has(text))).toBe(true), {
      withinMs: 60_000,
    });
    const inLog = (await readTopic(log, "orders")).map(textOf);
    expect(inLog).toHaveLength(acknowledged.length);
    expect(new Set(inLog)).toEqual(new Set(acknowledged));
    await consumer.close();
    // What was done and not committed when the broker went may come twice, and no more than that.
    const done = [...places.values()].filter(
      ({ partition, offset }) => offset < (committed.get(partition) ?? 0),
    );
    expect(done.length).toBeGreaterThan(0);
    expect(done.filter((record) => seen.get(textOf(record)) !== 1)).toEqual([]);
    for (const error of errors) {
      expect(error).toMatchObject({ name: expect.stringMatching(/EcapError|KafkaJS|KafkaError/) });
    }
  }, 240_000);

  it("delivers an outbox once over a restart", async () => {
    await log.createTopic("input", { partitions: 1 });
    await log.createTopic("output", { partitions: 2 });
    const stateStore = memoryStateStore();
    const committer = outboxCommitter({ eventLog: log, stateStore });
    const total = 120;
    let restarted: Promise<void> | undefined;
    let claims = 0;
    for (let done = 0; done < total; ) {
      try {
        let claim = await committer.claim("t", "input", 0);
        claims += 1;
        done = claim.offset ?? 0;
        while (done < total) {
          const next = done + 1;
          if (next === 40) {
            restarted = (async () => {
              await services.control.kill("kafka");
              await services.control.restart("kafka");
            })();
          }
          await committer.commit({
            claim,
            expectedOffset: claim.offset,
            nextOffset: next,
            stateChanges: [],
            emits: [0, 1].map((partition) => ({
              topic: "output",
              record: textRecord(`${done}`, { partition }),
            })),
          });
          claim = { ...claim, offset: next };
          done = next;
        }
      } catch {
        await sleep(200);
      }
    }
    await restarted;
    expect(claims).toBeGreaterThan(0);
    const records = await readTopic(log, "output");
    for (const partition of [0, 1]) {
      const mine = records.filter((record) => record.partition === partition);
      expect(mine.map(textOf)).toEqual(Array.from({ length: total }, (_, i) => `${i}`));
    }
  }, 240_000);

  it("says that it cannot be reached while it hangs, and answers again after", async () => {
    await log.createTopic("hanging", { partitions: 1 });
    const brokers = services.env["ECAP_TEST_KAFKA_BROKERS"]?.split(",") ?? [];
    const impatient = kafkaEventLog({ brokers, appendTimeoutMs: 2_000, requestTimeoutMs: 1_000 });
    await impatient.append("hanging", [textRecord("before")]);
    await services.control.pause("kafka");
    await expect(impatient.append("hanging", [textRecord("lost")])).rejects.toMatchObject({
      code: "ECAP_SERVICE_UNREACHABLE",
      retryable: true,
    });
    await services.control.resume("kafka");
    await eventually(() => impatient.append("hanging", [textRecord("after")]).then(() => {}), {
      withinMs: 30_000,
    });
    const texts = (await readTopic(impatient, "hanging")).map(textOf);
    expect(texts.filter((text) => text === "before")).toHaveLength(1);
    expect(texts.at(-1)).toBe("after");
    await impatient.close();
  }, 120_000);
});

describe("three brokers of which one goes", () => {
  it("goes on with the other two, and loses, repeats and reorders nothing", async () => {
    const services = await ownServices(["kafka"], { brokers: 3 });
    const brokers = services.env["ECAP_TEST_KAFKA_BROKERS"]?.split(",") ?? [];
    const log = kafkaEventLog({ brokers, ...quickTimeouts, appendTimeoutMs: 60_000 });
    try {
      await log.createTopic("orders", { partitions: 6 });
      await log.createTopic("output", { partitions: 3 });
      const committer = outboxCommitter({ eventLog: log, stateStore: memoryStateStore() });
      const seen: string[] = [];
      const consumer = await log.consume({
        group: "watchers",
        topics: ["output"],
        onBatch: async ({ records }) => void seen.push(...records.map(textOf)),
      });
      const acknowledged: string[] = [];
      const stopped = new AbortController();
      const appending = (async () => {
        for (let i = 0; !stopped.signal.aborted; i += 1) {
          await log.append("orders", [textRecord(`${i}`, { key: `${i}` })]);
          acknowledged.push(`${i}`);
        }
      })();
      let offset: number | undefined;
      const deliver = async (until: number): Promise<void> => {
        while ((offset ?? 0) < until) {
          try {
            const claim = await committer.claim("t", "orders", 0);
            offset = claim.offset;
            while ((offset ?? 0) < until) {
              const record = textRecord(`${offset ?? 0}`, { key: `${offset ?? 0}` });
              const emits = [{ topic: "output", record }];
              const nextOffset: number = (offset ?? 0) + 1;
              await committer.commit({
                claim,
                expectedOffset: offset,
                nextOffset,
                stateChanges: [],
                emits,
              });
              offset = nextOffset;
            }
          } catch {
            await sleep(100);
          }
        }
      };
      await deliver(20);
      const before = acknowledged.length;
      expect(before).toBeGreaterThan(0);
      await services.control.kill("kafka-2");
      await deliver(60);
      await eventually(() => expect(acknowledged.length).toBeGreaterThan(before + 100), {
        withinMs: 60_000,
      });
      await services.control.restart("kafka-2");
      await deliver(80);
      stopped.abort();
      await appending;
      const inLog = (await readTopic(log, "orders")).map(textOf);
      expect(inLog).toHaveLength(acknowledged.length);
      expect(new Set(inLog)).toEqual(new Set(acknowledged));
      const emitted = (await readTopic(log, "output")).map(textOf);
      const expected = Array.from({ length: 80 }, (_, i) => `${i}`);
      expect(emitted.toSorted()).toEqual(expected.toSorted());
      await eventually(() => expect(new Set(seen)).toEqual(new Set(expected)), {
        withinMs: 60_000,
      });
      await consumer.close();
    } finally {
      await log.close();
      await services.close();
    }
  }, 360_000);
});
