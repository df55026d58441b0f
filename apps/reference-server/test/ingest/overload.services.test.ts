import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { embedded } from "@ecap/adapter-embedded";
import { kafkaEventLog } from "@ecap/adapter-kafka";
import { silentLogger } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { outboxCommitter } from "@ecap/sdk/streams";
import { readTopic } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnServices, ownServices } from "../../../../scripts/services/control.ts";
import { defineConfig } from "../../src/config/define-config.ts";
import { type RunningServer, startServer } from "../../src/server/start-server.ts";
import { cannotDeploy } from "../support/deployment.ts";

const appendTimeoutMs = 1_000;
const eventsEach = 20;

interface Answer {
  readonly ids: readonly string[];
  readonly status: number;
  readonly retryAfter: string | null;
  readonly code: string | undefined;
  readonly ms: number;
}

describe.skipIf(cannotDeploy)("a server whose Kafka stands still", () => {
  let services: OwnServices;
  let server: RunningServer;
  let dir: string;
  let key: string;

  beforeAll(async () => {
    services = await ownServices(["kafka"]);
    dir = await mkdtemp(join(tmpdir(), "ecap-overload-"));
    const brokers = services.env["ECAP_TEST_KAFKA_BROKERS"]?.split(",") ?? [];
    const config = defineConfig({
      plugins: [commerce()],
      collector: { appendTimeoutMs, maxPendingEvents: 4_000 },
      adapters(data) {
        const set = embedded({ dir: data });
        const eventLog = kafkaEventLog({ brokers, maxWaitingBytes: 8 << 20 });
        const { stateStore } = set;
        if (stateStore === undefined) throw new Error("the preset has no state store");
        const close = async (): Promise<void> => {
          await eventLog.close();
          await set.close?.();
        };
        return { ...set, eventLog, committer: outboxCommitter({ eventLog, stateStore }), close };
      },
    });
    const settings = { config, dir, host: "127.0.0.1", port: 0, tenant: "default" };
    server = await startServer({ ...settings, roles: ["api"] }, silentLogger);
    const { apiKeys } = server.composition.accounts;
    key = (await apiKeys.create({ name: "s", role: "api_user", tenant: "default", createdBy: "t" }))
      .key;
  }, 300_000);
  afterAll(async () => {
    await services?.control.resume("kafka");
    await server?.close();
    await services?.close();
    await rm(dir, { recursive: true, force: true });
  }, 120_000);

  async function post(ids: readonly string[]): Promise<Answer> {
    const begun = performance.now();
    const data = { padding: "x".repeat(1_000) };
    const events = ids.map((id) => ({ id, type: "page.viewed", actor: { customerId: id }, data }));
    const response = await fetch(`${server.url}/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(events),
    });
    const { code } = (await response.json()) as { readonly code?: string };
    const retryAfter = response.headers.get("retry-after");
    return { ids, status: response.status, retryAfter, code, ms: performance.now() - begun };
  }

  it("says so to its clients in time, holds a bounded amount, and has all it acknowledged afterwards", async () => {
    const answers: Answer[] = [];
    const over = new AbortController();
    let isPaused = false;
    const during: Answer[] = [];
    let highest = 0;
    /** Sends without a rest, whatever it is told. */
    const sender = async (name: number): Promise<void> => {
      for (let i = 0; !over.signal.aborted; i += 1) {
        const wasPaused = isPaused;
        const answer = await post(
          Array.from({ length: eventsEach }, (_, j) => `${name}-${i}-${j}`),
        );
        answers.push(answer);
        if (wasPaused && isPaused) during.push(answer);
        highest = Math.max(highest, process.memoryUsage().rss);
        if (answer.status !== 200) await sleep(5);
      }
    };
    const senders = Array.from({ length: 50 }, (_, name) => sender(name));
    await sleep(3_000);
    const before = process.memoryUsage().rss;
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(20);
    await services.control.pause("kafka");
    isPaused = true;
    highest = 0;
    await sleep(15_000);
    isPaused = false;
    const peak = highest;
    await services.control.resume("kafka");
    const resumedAt = answers.length;
    await expect
      .poll(() => answers.slice(resumedAt).filter(({ status }) => status === 200).length, {
        timeout: 60_000,
      })
      .toBeGreaterThan(50);
    over.abort();
    await Promise.all(senders);

    const refused = during.filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(200);
    const kinds = new Set(refused.map(({ status, code }) => `${status} ${code}`));
    expect([...kinds].toSorted()).toEqual(["429 ECAP_OVERLOADED", "503 ECAP_LOG_SLOW"]);
    expect(refused.every(({ retryAfter }) => retryAfter === "1")).toBe(true);
    expect(Math.max(...refused.map(({ ms }) => ms))).toBeLessThan(appendTimeoutMs + 4_000);
    expect(peak - before).toBeLessThan(300 << 20);

    const acknowledged = answers.filter(({ status }) => status === 200).flatMap(({ ids }) => ids);
    const log = server.composition.platform.port("eventLog");
    const held = new Map<string, number>();
    for (const record of await readTopic(log, "user-events")) {
      const id = server.composition.platform.decode(record)?.id ?? "";
      held.set(id, (held.get(id) ?? 0) + 1);
    }
    expect(acknowledged.filter((id) => !held.has(id))).toEqual([]);
    expect([...held].filter(([, times]) => times > 1)).toEqual([]);
    process.stdout.write(
      `sent ${answers.length} requests, ${acknowledged.length} events acknowledged, ${held.size} in the log; paused: ${during.length} answers, slowest ${Math.round(Math.max(...during.map(({ ms }) => ms)))} ms, rss +${Math.round((peak - before) / 2 ** 20)} MiB\n`,
    );
  }, 200_000);
});
