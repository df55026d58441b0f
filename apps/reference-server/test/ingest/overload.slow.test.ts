import { setTimeout as sleep } from "node:timers/promises";
import { embedded } from "@ecap/adapter-embedded";
import { governance } from "@ecap/plugin-governance";
import { commerce } from "@ecap/sdk/commerce";
import { readTopic } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineConfig } from "../../src/config/define-config.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

const appendTimeoutMs = 300;

describe("a server whose log does not answer", () => {
  let server: TestServer;
  let key: string;
  let isStuck = false;
  const waiting: Array<() => void> = [];
  const config = defineConfig({
    plugins: [commerce(), governance()],
    collector: { appendTimeoutMs, maxPendingEvents: 3_000 },
    door: { maxRequests: 200, maxBytes: 4 << 20 },
    adapters(dir) {
      const set = embedded({ dir });
      const { eventLog } = set;
      if (eventLog === undefined) return set;
      const append: typeof eventLog.append = async (topic, records) => {
        if (isStuck) await new Promise<void>((resolve) => waiting.push(resolve));
        return eventLog.append(topic, records);
      };
      return { ...set, eventLog: { ...eventLog, append } };
    },
  });

  beforeAll(async () => {
    server = await startTestServer({ config });
    key = await server.key("api_user");
  });
  afterAll(() => server.close());

  async function post(ids: readonly string[]) {
    const begun = performance.now();
    const response = await fetch(`${server.url}/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(
        ids.map((id) => ({
          id,
          type: "page.viewed",
          actor: { customerId: id },
          data: { padding: "x".repeat(500) },
        })),
      ),
    });
    const body = (await response.json()) as {
      readonly code?: string;
      readonly receipts?: ReadonlyArray<{ readonly id: string; readonly status: string }>;
    };
    return {
      ids,
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
      body,
      ms: performance.now() - begun,
    };
  }

  it("answers 429 or 503 with Retry-After in time, holds little, and loses nothing it acknowledged", async () => {
    const acknowledged: string[] = [];
    const note = ({ body }: Awaited<ReturnType<typeof post>>): void => {
      for (const { id, status } of body.receipts ?? [])
        if (status === "accepted" || status === "duplicate") acknowledged.push(id);
    };
    note(await post(["before"]));
    isStuck = true;
    global.gc?.();
    const memoryBefore = process.memoryUsage().rss;
    const answers: Array<Awaited<ReturnType<typeof post>>> = [];
    // Ten seconds' worth of senders that do not heed Retry-After: 100 at a time, ten events each.
    for (let round = 0; round < 25; round += 1) {
      const batches = Array.from({ length: 100 }, (_, i) =>
        post(Array.from({ length: 10 }, (__, j) => `r${round}-${i}-${j}`)),
      );
      answers.push(...(await Promise.all(batches)));
    }
    answers.forEach(note);
    expect(acknowledged).toEqual(["before"]);
    const kinds = new Map<string, number>();
    for (const { status, body, retryAfter } of answers) {
      expect(retryAfter).toBe("1");
      const kind = `${status} ${body.code}`;
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    expect(new Set(kinds.keys())).toEqual(new Set(["503 ECAP_LOG_SLOW", "429 ECAP_OVERLOADED"]));
    // What the collector holds is bounded, so nothing is waited for past that.
    expect(kinds.get("503 ECAP_LOG_SLOW")).toBeLessThanOrEqual(300);
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(appendTimeoutMs + 3_000);
    const grown = process.memoryUsage().rss - memoryBefore;
    expect(grown).toBeLessThan(200 << 20);

    // Health still answers while the log does not.
    const health = await server.composition.platform.health.process();
    const collector = health.producers.find(({ name }) => name === "collector");
    expect(collector?.inFlight).toBeGreaterThan(0);

    isStuck = false;
    for (const resolve of waiting.splice(0)) resolve();
    const again = answers.filter(({ status }) => status === 503).slice(0, 50);
    for (const { ids } of again) {
      let answer = await post(ids);
      for (; answer.status !== 200; answer = await post(ids)) await sleep(100);
      note(answer);
    }
    // They were appended late, and are recognised.
    expect(acknowledged.length).toBe(1 + again.length * 10);
    const log = server.composition.platform.port("eventLog");
    const counts = new Map<string, number>();
    for (const record of await readTopic(log, "user-events")) {
      const id = server.composition.platform.decode(record)?.id ?? "";
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const id of acknowledged) expect(counts.get(id)).toBe(1);
    expect(Math.max(...counts.values())).toBe(1);
  });
});
