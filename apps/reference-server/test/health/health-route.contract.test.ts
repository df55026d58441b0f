import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@ecap/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diagnose } from "../../src/commands/doctor.ts";
import { defaultConfig } from "../../src/config/default-config.ts";
import { startWorker } from "../../src/server/start-server.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

interface HealthBody {
  readonly consumers: ReadonlyArray<{
    readonly name: string;
    readonly state: string;
    readonly lag: number;
  }>;
  readonly processes: ReadonlyArray<{
    readonly state: string;
    readonly producers: ReadonlyArray<{ readonly name: string; readonly records: number }>;
    readonly dependencies: ReadonlyArray<{ readonly name: string; readonly status: string }>;
  }>;
}

describe("the health of producers and consumers", () => {
  let server: TestServer;
  let admin: string;
  beforeAll(async () => {
    server = await startTestServer();
    admin = await server.key("admin");
    const response = await fetch(`${server.url}/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin}` },
      body: JSON.stringify([
        { id: "e1", type: "page.viewed", data: {}, actor: { customerId: "c" } },
      ]),
    });
    expect(response.status).toBe(200);
    await server.composition.platform.drain();
  });
  afterAll(() => server.close());

  it("is shown to administrators and nobody else", async () => {
    expect((await server.get("/v1/admin/health", await server.key("analyst"))).status).toBe(403);
    const { status, body } = await server.get("/v1/admin/health", admin);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "ok", alerts: [] });
    const { consumers, processes } = body as unknown as HealthBody;
    const byName = new Map(consumers.map((consumer) => [consumer.name, consumer]));
    for (const name of ["topology/fraud-assess", "lake-sink.user-events"])
      expect(byName.get(name)).toMatchObject({ state: "running", lag: 0 });
    expect(processes).toHaveLength(1);
    expect(processes[0]).toMatchObject({ state: "alive" });
    expect(processes[0]?.dependencies.map(({ name, status: each }) => `${name} ${each}`)).toEqual([
      "eventLog ok",
      "stateStore ok",
      "database ok",
      "objectStore ok",
    ]);
    const collector = processes[0]?.producers.find(({ name }) => name === "collector");
    expect(collector).toMatchObject({ records: 1, failures: 0, inFlight: 0 });
  });

  it("is a line of the doctor's while a server runs", async () => {
    const settings = {
      config: defaultConfig,
      dir: server.dir,
      host: "127.0.0.1",
      port: 0,
      tenant: "default",
    };
    const checks = await diagnose(settings);
    const line = checks.find(({ what }) => what === "producers and consumers");
    expect(line?.ok).toBe(true);
    expect(line?.detail).toMatch(/^(\d+) of \1 consumers run, \d+ records behind$/);
  });

  it("is at /metrics for Prometheus, of an API for administrators", async () => {
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
    const response = await fetch(`${server.url}/metrics`, {
      headers: { authorization: `Bearer ${admin}` },
    });
    expect(response.headers.get("content-type")).toContain("text/plain");
    const text = await response.text();
    expect(text).toContain(
      'ecap_consumer_state{consumer="topology/fraud-assess",state="running"} 1',
    );
    expect(text).toContain('ecap_producer_records{producer="collector"} 1');
    expect(text).toMatch(
      /ecap_consumer_lag_records\{consumer="lake-sink.user-events",topic="user-events",partition="0"\} 0/,
    );
    for (const line of text.split("\n").filter((each) => each !== "" && !each.startsWith("#")))
      expect(line).toMatch(
        /^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?\d+(\.\d+)?(e[+-]?\d+)?$/,
      );
  });
});

it("a worker's metrics are those of its own consumers", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ecap-worker-"));
  const worker = await startWorker(
    { config: defaultConfig, dir, host: "127.0.0.1", port: 0, tenant: "default", roles: ["sink"] },
    silentLogger,
  );
  const text = await (await fetch(`${worker.url}/metrics`)).text();
  expect(text).toContain(
    'ecap_consumer_state{consumer="lake-sink.transactions",state="running"} 1',
  );
  expect(text).not.toContain("topology/");
  await worker.close();
  await rm(dir, { recursive: true, force: true });
});
