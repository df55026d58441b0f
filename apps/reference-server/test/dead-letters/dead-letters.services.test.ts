import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { type KafkaEventLog, kafkaEventLog } from "@ecap/adapter-kafka";
import { definePlugin } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { outboxCommitter, topology } from "@ecap/sdk/streams";
import { readTopic } from "@ecap/sdk/testing";
import { ConfigResourceTypes } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineConfig } from "../../src/config/define-config.ts";
import { cannotDeploy } from "../support/deployment.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

interface Letter {
  readonly offset: number;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly redrives: number;
  readonly redriven: boolean;
  readonly consumer?: string;
  readonly origin?: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly event: string;
}

const day = 86_400_000;

describe.skipIf(cannotDeploy)("dead letters and retention on Kafka", () => {
  let server: TestServer;
  let log: KafkaEventLog;
  let dir: string;
  let admin: string;
  const prefix = `letters-${randomUUID().slice(0, 8)}.`;
  const taken: string[] = [];
  let isBroken = true;
  const picky = definePlugin({
    name: "picky",
    version: "1.0.0",
    sdk: "0.x",
    personalData: "none",
    setup: () => ({}),
    topologies: () => [
      topology("picky")
        .from({ topics: ["user-events"] })
        .map((event) => {
          if (event.id.startsWith("poison") && isBroken) throw new Error("cannot take it");
          taken.push(event.id);
          return event;
        })
        .process(async () => {}),
    ],
  });

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-letters-"));
    const brokers = process.env["ECAP_TEST_KAFKA_BROKERS"]?.split(",") ?? [];
    log = kafkaEventLog({ brokers, topicPrefix: prefix });
    const config = defineConfig({
      plugins: [commerce(), picky()],
      topics: { "user-events": { retentionMs: 7 * day, retentionBytes: 1 << 30 } },
      adapters(data) {
        const set = embedded({ dir: data });
        const { stateStore } = set;
        if (stateStore === undefined) throw new Error("the preset has no state store");
        const close = async (): Promise<void> => {
          await log.close();
          await set.close?.();
        };
        return {
          ...set,
          eventLog: log,
          committer: outboxCommitter({ eventLog: log, stateStore }),
          close,
        };
      },
    });
    server = await startTestServer({ config, dir });
    admin = await server.key("admin");
  }, 120_000);
  afterAll(async () => {
    const names = (await log?.topics())?.map(({ topic }) => `${prefix}${topic}`) ?? [];
    const kafka = log?.client.admin();
    await server?.close();
    await kafka?.connect();
    await kafka?.deleteTopics({ topics: names });
    await kafka?.disconnect();
    await rm(dir, { recursive: true, force: true });
  }, 60_000);

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T;
    expect({ status: response.status, answer }).toMatchObject({ status: 200 });
    return answer;
  }
  const letters = async (topic: string) =>
    (await call<{ items: readonly Letter[] }>("GET", `/v1/admin/dead-letters?topic=${topic}`))
      .items;
  const redrive = async (topic: string, maxRedrives = 5) =>
    (
      await call<{ items: ReadonlyArray<{ offset: number; status: string; code?: string }> }>(
        "POST",
        "/v1/admin/dead-letters/redrive",
        { topic, maxRedrives },
      )
    ).items;
  const settled = () => server.composition.platform.drain();

  it("say who could not take what, from where, why and how often; and a poison message never loops", async () => {
    const ids = ["a", "poison-1", "b", "c", "d"];
    const raw = ids.map((id) => ({
      id,
      type: "page.viewed",
      actor: { customerId: "c1" },
      data: {},
    }));
    await call("POST", "/v1/events", raw);
    await settled();
    const [letter, ...rest] = await letters("user-events");
    expect(rest).toEqual([]);
    expect(letter).toMatchObject({
      code: "ECAP_PLUGIN_FAILED",
      message: "cannot take it",
      attempts: 1,
      redrives: 0,
      redriven: false,
      consumer: "topology/picky",
    });
    expect(letter?.event).toBe(JSON.stringify(raw[1]));
    const { topic, partition, offset } = letter?.origin ?? expect.fail();
    const [record] = await log.read(topic, partition, offset);
    expect(server.composition.platform.decode(record ?? expect.fail())?.id).toBe("poison-1");

    const outcomes: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      outcomes.push(
        ...(await redrive("user-events", 2)).map(({ status, code = "" }) =>
          `${status} ${code}`.trim(),
        ),
      );
      await settled();
    }
    expect(outcomes).toEqual([
      "redriven",
      "redriven",
      "refused ECAP_REDRIVE_LIMIT",
      "refused ECAP_REDRIVE_LIMIT",
    ]);
    const all = await letters("user-events");
    expect(all.map(({ redrives, redriven }) => [redrives, redriven])).toEqual([
      [0, true],
      [1, true],
      [2, false],
    ]);
    expect(all.map(({ attempts }) => attempts)).toEqual(
      all.map(({ attempts }) => attempts).toSorted((a, b) => a - b),
    );
    isBroken = false;
    expect(await redrive("user-events")).toMatchObject([{ status: "redriven" }]);
    await settled();
    expect(taken.toSorted()).toEqual([...ids].toSorted());
    // The lake has it once, from the first time.
    const rows = await server.rows("select event_id from bronze_user_events", "bronze_user_events");
    expect(rows.map((row) => String(row["event_id"])).toSorted()).toEqual([...ids].toSorted());
  }, 90_000);

  it("of what the collector refused go through the collector again", async () => {
    await call("POST", "/v1/events", [
      { id: "bad", type: "order.completed", data: { products: 7 }, actor: { customerId: "c" } },
    ]);
    const [letter] = await letters("transactions");
    expect(letter).toMatchObject({ code: "ECAP_EVENT_INVALID", attempts: 1 });
    expect(letter?.consumer).toBeUndefined();
    expect(await redrive("transactions")).toMatchObject([{ status: "quarantined" }]);
    expect(await letters("transactions")).toMatchObject([
      { redriven: true },
      { redriven: false, attempts: 2, redrives: 1 },
    ]);
  });

  it("retention is set on every topic, as the deployment has it or by default", async () => {
    const kafka = log.client.admin();
    await kafka.connect();
    const retentionOf = async (topic: string) => {
      const { resources } = await kafka.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: `${prefix}${topic}` }],
      });
      const entries = new Map(
        resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
      );
      return [entries.get("retention.ms"), entries.get("retention.bytes")];
    };
    expect(await retentionOf("user-events")).toEqual([String(7 * day), String(1 << 30)]);
    expect(await retentionOf("transactions")).toEqual([String(14 * day), "-1"]);
    expect(await retentionOf("user-events.dlq")).toEqual([String(30 * day), String(1024 ** 3)]);
    for (const { topic } of await log.topics()) {
      const [ms] = await retentionOf(topic);
      expect(Number(ms)).toBeGreaterThan(0);
    }
    await kafka.disconnect();
  });

  it("what retention removed before a topology read it is said, and it goes on from the earliest", async () => {
    const { platform } = server.composition;
    await settled();
    const read = (await readTopic(log, "user-events")).length;
    expect(read).toBeGreaterThan(0);
    await platform.background?.stop();
    await call(
      "POST",
      "/v1/events",
      Array.from({ length: 10 }, (_, i) => ({
        id: `lost-${i}`,
        type: "page.viewed",
        actor: { customerId: "c1" },
        data: {},
      })),
    );
    const ends = await log.offsets("user-events");
    const kafka = log.client.admin();
    await kafka.connect();
    // This client deletes only of topics it has asked about.
    await kafka.fetchTopicOffsets(`${prefix}user-events`);
    await kafka.deleteTopicRecords({
      topic: `${prefix}user-events`,
      partitions: ends
        .filter(({ next, earliest }) => next > earliest)
        .map(({ partition, next }) => ({ partition, offset: String(next) })),
    });
    await kafka.disconnect();
    await platform.background?.start(["topologies"]);
    await call("POST", "/v1/events", [
      { id: "after", type: "page.viewed", actor: { customerId: "c1" }, data: {} },
    ]);
    await expect.poll(() => taken, { timeout: 30_000 }).toContain("after");
    expect(taken.some((id) => id.startsWith("lost-"))).toBe(false);
    const consumers = (await platform.health.process()).consumers;
    const picked = consumers.filter(({ name }) => name === "topology/picky").at(-1);
    expect(picked?.removed?.records).toBeGreaterThanOrEqual(10);
  }, 90_000);
});
