import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { eventually, readTopic, textOf, textRecord, uniqueName } from "@ecap/sdk/testing";
import kafkajs from "kafkajs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Compression, type KafkaEventLog, kafkaEventLog } from "../src/index.ts";
import { brokers, skipReason, testLog } from "./services.ts";

const kcat = ["kcat", "kafkacat"].find((name) => {
  try {
    execFileSync(name, ["-V"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});
if (kcat === undefined && process.env["CI"] === "true") throw new Error("kcat is not installed");

async function runKcat(args: readonly string[], input = ""): Promise<string> {
  const running = promisify(execFile)(kcat ?? "kcat", [...args], { timeout: 20_000 });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

describe.skipIf(brokers === undefined)(`other clients, ${skipReason}`, () => {
  let log: KafkaEventLog;
  let topicPrefix: string;

  beforeEach(() => {
    topicPrefix = `${uniqueName("interop")}.`;
    log = testLog({ topicPrefix });
  });
  afterEach(() => log.close());

  const broker = brokers?.[0] ?? "";

  describe.skipIf(kcat === undefined)("kcat", () => {
    it.each<Compression>(["none", "gzip"])(
      "reads what is appended, with %s",
      async (compression) => {
        const compressing = testLog({ topicPrefix, compression });
        await compressing.createTopic("orders", { partitions: 2 });
        const headers = { tenant: "acme", note: "grüße" };
        await compressing.append("orders", [
          { key: "ключ", value: Buffer.from("один"), headers, timestamp: 42, partition: 1 },
          { value: Buffer.from("two"), timestamp: 43, partition: 1 },
        ]);
        await compressing.close();
        const format = String.raw`%p|%o|%k|%s|%h\n`;
        const args = ["-b", broker, "-C", "-t", `${topicPrefix}orders`, "-e", "-q", "-f", format];
        expect((await runKcat(args)).trim().split("\n")).toEqual([
          "1|0|ключ|один|tenant=acme,note=grüße",
          "1|1||two|",
        ]);
      },
    );

    it.each(["none", "gzip"])("writes what is read, with %s", async (codec) => {
      await log.createTopic("orders", { partitions: 1 });
      const target = ["-b", broker, "-P", "-t", `${topicPrefix}orders`, "-z", codec];
      await runKcat([...target, "-K", ":", "-H", "tenant=acme", "-H", "empty="], "k:один\nk:two\n");
      const records = await readTopic(log, "orders");
      expect(records.map(textOf)).toEqual(["один", "two"]);
      expect(records.map(({ key }) => key)).toEqual(["k", "k"]);
      expect(records[1]?.headers).toEqual({ tenant: "acme", empty: "" });
      expect(Math.abs((records[0]?.timestamp ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it("chooses the partitions that ECAP chooses", async () => {
      await log.createTopic("orders", { partitions: 7 });
      const keys = Array.from({ length: 50 }, (_, i) => `customer-${i}-ü`);
      const target = ["-b", broker, "-P", "-t", `${topicPrefix}orders`];
      const murmur = ["-X", "topic.partitioner=murmur2_random"];
      await runKcat(
        [...target, ...murmur, "-K", ":"],
        keys.map((key) => `${key}:theirs\n`).join(""),
      );
      await log.append(
        "orders",
        keys.map((key) => textRecord("ours", { key })),
      );
      const places = new Map<string, Set<number>>();
      for (const { key = "", partition } of await readTopic(log, "orders")) {
        places.set(key, (places.get(key) ?? new Set()).add(partition));
      }
      expect(places.size).toBe(50);
      expect([...places.values()].every(({ size }) => size === 1)).toBe(true);
    });
  });

  it("says what codec is missing", async () => {
    await log.createTopic("orders", { partitions: 1 });
    expect(() => kafkaEventLog({ brokers: [broker], compression: "lz4" })).toThrow(
      expect.objectContaining({ code: "ECAP_CONFIG_INVALID" }),
    );
  });

  it("takes a client of the application, and shares its topics with kafkajs", async () => {
    const client = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING });
    const given = kafkaEventLog({ client, topicPrefix });
    await given.createTopic("orders", { partitions: 1 });
    const producer = client.producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    const topic = `${topicPrefix}orders`;
    await producer.send({
      topic,
      messages: [{ key: "k", value: "v", headers: { a: ["1", "2"] } }],
    });
    await producer.disconnect();
    const [record] = await readTopic(given, "orders");
    expect(record).toMatchObject({ key: "k", headers: { a: "2" } });
    expect(given.client).toBe(client);
    await given.close();
  });

  it("keeps records by the time of their append, whatever their own time", async () => {
    await log.createTopic("orders", { partitions: 1, retentionMs: 3_600_000 });
    await log.createTopic("orders", {
      partitions: 1,
      retentionMs: 7_200_000,
      retentionBytes: 5_000_000,
    });
    await log.append("orders", [textRecord("long ago", { timestamp: 1 })]);
    await log.append("orders", [
      textRecord("to come", { timestamp: Date.now() + 86_400_000 * 365 }),
    ]);
    const admin = log.client.admin();
    await admin.connect();
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: `${topicPrefix}orders` };
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [resource],
    });
    await admin.disconnect();
    const config = new Map(
      resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
    expect(config.get("retention.ms")).toBe("7200000");
    expect(config.get("retention.bytes")).toBe("5000000");
    expect(config.get("message.timestamp.type")).toBe("LogAppendTime");
    const records = await readTopic(log, "orders");
    expect(records.map(({ timestamp }) => timestamp > Date.now())).toEqual([false, true]);
    expect(records[0]?.timestamp).toBe(1);
  });
});

const {
  ECAP_TEST_KAFKA_SASL_BROKERS: saslBrokers,
  ECAP_TEST_KAFKA_SASL_USERNAME: username = "",
  ECAP_TEST_KAFKA_SASL_PASSWORD: password = "",
  ECAP_TEST_KAFKA_SASL_CA: ca = "",
} = process.env;

describe.skipIf(saslBrokers === undefined)("TLS and SASL", () => {
  it.each(["plain", "scram-sha-256"] as const)("signs in by %s", async (mechanism) => {
    const log = testLog({
      brokers: saslBrokers?.split(",") ?? [],
      ssl: { ca: [readFileSync(ca, "utf8")] },
      sasl: { mechanism, username, password },
    });
    await log.createTopic("orders", { partitions: 2 });
    await log.append("orders", [
      textRecord("a", { partition: 0 }),
      textRecord("b", { partition: 1 }),
    ]);
    expect((await readTopic(log, "orders")).map(textOf)).toEqual(["a", "b"]);
    const seen: string[] = [];
    const consumer = await log.consume({
      group: "g",
      topics: ["orders"],
      onBatch: async ({ records }) => void seen.push(...records.map(textOf)),
    });
    await eventually(() => expect(seen.toSorted()).toEqual(["a", "b"]));
    await consumer.close();
    const place = { group: "t", topic: "orders", partition: 0 };
    const owner = await log.takeOver(place);
    await owner.deliver({ mark: { offset: 1, step: 0 }, emits: [] });
    expect(await owner.delivered()).toEqual({ offset: 1, step: 0 });
    await log.close();
  });

  it("says that a password is wrong, without it, and that a certificate is not trusted", async () => {
    const options = { brokers: saslBrokers?.split(",") ?? [], requestTimeoutMs: 3_000 };
    const trusted = { ca: [readFileSync(ca, "utf8")] };
    const wrong = testLog({
      ...options,
      ssl: trusted,
      sasl: { mechanism: "plain", username, password: "not-the-password" },
    });
    const refusal = await wrong.topics().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "ECAP_CONFIG_INVALID" });
    expect(JSON.stringify([String(refusal), refusal])).not.toContain("not-the-password");
    await wrong.close();
    const untrusted = testLog({
      ...options,
      ssl: true,
      sasl: { mechanism: "plain", username, password },
    });
    await expect(untrusted.topics()).rejects.toMatchObject({ code: "ECAP_SERVICE_UNREACHABLE" });
    await untrusted.close();
  });
});
