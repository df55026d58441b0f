import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { bi } from "@ecap/plugin-bi";
import { fraud } from "@ecap/plugin-fraud";
import { EcapError, silentLogger, systemClock } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { memoryStateStore } from "@ecap/sdk/memory";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSessions } from "../../src/auth/sessions.ts";
import { defineConfig } from "../../src/config/define-config.ts";
import type { ServerRole } from "../../src/config/roles.ts";
import { readServerFile } from "../../src/server/server-file.ts";
import { startServer, startWorker } from "../../src/server/start-server.ts";

const fail = () => new EcapError("ECAP_SERVICE_UNREACHABLE", "nobody is there");

const ask = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe("roles of a process", () => {
  let dir: string;
  let logIsDown = false;
  let lakeIsDown = false;
  const plugins = [commerce(), bi(), fraud()];
  /** Everything embedded, with faults to switch on. */
  const config = defineConfig({
    plugins,
    adapters(data) {
      const set = embedded({ dir: data });
      const { eventLog, objectStore } = set;
      return {
        ...set,
        ...(eventLog && {
          eventLog: {
            ...eventLog,
            topics: async () => {
              if (logIsDown) throw fail();
              return eventLog.topics();
            },
          },
        }),
        ...(objectStore && {
          objectStore: {
            ...objectStore,
            async *list(...asked: Parameters<typeof objectStore.list>) {
              if (lakeIsDown) throw fail();
              yield* objectStore.list(...asked);
            },
          },
        }),
      };
    },
  });
  const settings = (...roles: ServerRole[]) => ({
    config,
    dir,
    host: "127.0.0.1",
    port: 0,
    tenant: "default",
    roles,
  });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-roles-"));
    logIsDown = lakeIsDown = false;
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("worker: topologies and jobs, and a port for probes and metrics alone", async () => {
    const worker = await startWorker(settings("worker"), silentLogger);
    const { background } = worker.composition.platform;
    expect(background?.topologies.length).toBeGreaterThan(0);
    expect(background?.sinks).toEqual([]);
    expect(await ask(`${worker.url}/healthz`)).toEqual({ status: 200, body: { status: "ok" } });
    const { status, body } = await ask(`${worker.url}/readyz`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: "ready",
      roles: ["worker"],
      checks: [
        { name: "eventLog", status: "ok", needed: true },
        { name: "stateStore", status: "ok", needed: true },
        { name: "objectStore", status: "ok", needed: false },
      ],
    });
    for (const path of ["/", "/v1/admin/boot-plan", "/v1/events", "/openapi.json"]) {
      expect((await fetch(`${worker.url}${path}`)).status).toBe(404);
    }
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toMatch(/^ecap_dependency_up\{name="eventLog"\} 1$/m);
    expect(metrics).toMatch(/^ecap_topology_breaker_open\{topology="[^"]+"\} 0$/m);
    expect(metrics).toMatch(/^process_resident_memory_bytes \d+$/m);
    // Commands are for the API's process to answer.
    expect(readServerFile(dir)).toBeUndefined();
    await worker.close();
  });

  it("sink: lake tables alone, and not ready without the lake", async () => {
    const sink = await startWorker(settings("sink"), silentLogger);
    const { background } = sink.composition.platform;
    expect(background?.topologies).toEqual([]);
    expect(background?.sinks.length).toBeGreaterThan(0);
    expect((await ask(`${sink.url}/readyz`)).status).toBe(200);
    lakeIsDown = true;
    await expect
      .poll(() => ask(`${sink.url}/readyz`), { timeout: 5_000 })
      .toMatchObject({
        status: 503,
        body: {
          status: "failing",
          checks: expect.arrayContaining([
            expect.objectContaining({
              name: "objectStore",
              status: "failed",
              message: "ECAP_SERVICE_UNREACHABLE: nobody is there",
            }),
          ]),
        },
      });
    lakeIsDown = false;
    await expect
      .poll(() => ask(`${sink.url}/readyz`), { timeout: 5_000 })
      .toMatchObject({ status: 200 });
    await sink.close();
  });

  it("api: no work beside it, and not ready without the log; a worker is, without the lake", async () => {
    const api = await startServer(settings("api"), silentLogger);
    expect(api.composition.platform.background?.topologies).toEqual([]);
    expect(api.composition.platform.background?.sinks).toEqual([]);
    await expect
      .poll(() => ask(`${api.url}/readyz`), { timeout: 20_000 })
      .toMatchObject({
        status: 200,
        body: { checks: [{ name: "eventLog" }, { name: "stateStore" }, { name: "database" }, {}] },
      });
    logIsDown = true;
    await expect
      .poll(() => ask(`${api.url}/readyz`), { timeout: 5_000 })
      .toMatchObject({ status: 503 });
    expect(readServerFile(dir)?.url).toBe(api.url);
    await api.close();
    expect(readServerFile(dir)).toBeUndefined();
    logIsDown = false;
    lakeIsDown = true;
    const worker = await startWorker(settings("worker"), silentLogger);
    expect(await ask(`${worker.url}/readyz`)).toMatchObject({
      status: 200,
      body: { checks: expect.arrayContaining([expect.objectContaining({ status: "failed" })]) },
    });
    await worker.close();
  });

  it("on one data directory, embedded: one process at a time", async () => {
    const worker = await startWorker(settings("worker"), silentLogger);
    await expect(startWorker(settings("sink"), silentLogger)).rejects.toMatchObject({
      code: "ECAP_LOCKED",
    });
    await worker.close();
  });
});

const sessionsWith = (secret: string | undefined) =>
  createSessions({
    secrets: { get: async () => secret, watch: () => () => {} },
    stateStore: memoryStateStore(),
    clock: systemClock,
  });

describe("the key that signs sessions", () => {
  const admin = { id: "admin", role: "admin", tenant: "default" } as const;

  it("is the same in all processes that have the same secret", async () => {
    const [one, two] = [await sessionsWith("s".repeat(48)), await sessionsWith("s".repeat(48))];
    expect(await two.verify(await one.issue(admin))).toEqual(admin);
    const other = await sessionsWith("t".repeat(48));
    expect(await other.verify(await one.issue(admin))).toBeUndefined();
  });

  it("is asked for where the store cannot keep one, and where it is too short", async () => {
    for (const value of [undefined, "short"]) {
      const refused = sessionsWith(value);
      await expect(refused).rejects.toMatchObject({
        code: "ECAP_CONFIG_INVALID",
        message: expect.stringContaining("jwt-secret"),
      });
      await expect(refused).rejects.not.toThrow('short"');
    }
  });
});
