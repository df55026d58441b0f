import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@ecap/sdk";
import { eventually } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSettings } from "../../src/config/load-config.ts";
import type { ServerRole } from "../../src/config/roles.ts";
import {
  type RunningProcess,
  type RunningServer,
  startServer,
  startWorker,
} from "../../src/server/start-server.ts";
import { cannotDeploy, type Deployment, testDeployment } from "../support/deployment.ts";

describe.skipIf(cannotDeploy)("cases on Kafka, Redis, PostgreSQL and S3", () => {
  const before = { ...process.env };
  let dir: string;
  let deployment: Deployment;
  let api: RunningServer;
  let workers: RunningProcess[] = [];
  let keys: Record<"api_user" | "analyst", string>;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-cases-"));
    deployment = await testDeployment();
    Object.assign(process.env, deployment.env);
    const settings = async (name: string, roles: readonly ServerRole[]) => ({
      ...(await loadSettings({ config: deployment.config, dir: join(dir, name), port: "0" })),
      roles,
    });
    api = await startServer(await settings("api", ["api"]), silentLogger);
    workers = await Promise.all(
      (["worker", "worker", "sink"] as const).map(async (role, i) =>
        startWorker(await settings(`${role}-${i}`, [role]), silentLogger),
      ),
    );
    const { apiKeys } = api.composition.accounts;
    const make = async (role: "api_user" | "analyst") =>
      (await apiKeys.create({ name: role, role, tenant: "default", createdBy: "test" })).key;
    keys = { api_user: await make("api_user"), analyst: await make("analyst") };
  }, 180_000);

  afterAll(async () => {
    for (const each of [...workers, api]) await each?.close();
    await deployment?.close();
    for (const name of Object.keys(deployment?.env ?? {}))
      if (before[name] === undefined) delete process.env[name];
    await rm(dir, { recursive: true, force: true });
  }, 120_000);

  const call = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const key = path.startsWith("/assess") ? keys.api_user : keys.analyst;
    const response = await fetch(`${api.url}/v1/fraud${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    expect(response.status, path).toBeLessThan(300);
    return (await response.json()) as Answer;
  };

  it("two workers put alerts of all partitions into one case each, and labels come back from the lake", async () => {
    const entries = ["card-a", "card-b"].map((value) => ({ value }));
    await call("POST", "/lists/deny/entries", { entries });
    await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        call("POST", "/assess?durability=before", {
          id: `pay-${i}`,
          amount: 100,
          customerId: `customer-${i}`,
          cardId: i % 2 === 0 ? "card-a" : "card-b",
        }),
      ),
    );
    type Listed = { items: Array<{ case: number; version: number; alerts: number }> };
    let found: Listed["items"] = [];
    await eventually(
      async () => {
        found = (await call<Listed>("GET", "/cases?state=open&order=newest")).items;
        expect(found.map(({ alerts }) => alerts)).toEqual([12, 12]);
      },
      { withinMs: 60_000 },
    );
    const [one] = found;
    const path = `/cases/${one?.case}`;
    await call("POST", `${path}/labels`, { version: one?.version, verdict: "fraud" });
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 1]).toString("base64");
    const file = { name: "a.png", mediaType: "image/png", content: png };
    const { files } = await call<{ files: Array<{ id: string }> }>("POST", `${path}/files`, file);
    const kept = await fetch(`${api.url}/v1/fraud${path}/files/${files[0]?.id}`, {
      headers: { authorization: `Bearer ${keys.analyst}` },
    });
    expect(Buffer.from(await kept.arrayBuffer()).toString("base64")).toBe(png);
    await eventually(
      async () => {
        const { items } = await call<{ items: object[] }>(
          "GET",
          "/labels?from=2020-01-01&to=2100-01-01",
        );
        expect(items).toHaveLength(12);
      },
      { withinMs: 60_000 },
    );
    const { nodes } = await call<{ nodes: object[] }>("GET", `${path}/network?depth=1`);
    // Its twelve payments, their customers and the card.
    expect(nodes).toHaveLength(25);
  }, 180_000);
});
