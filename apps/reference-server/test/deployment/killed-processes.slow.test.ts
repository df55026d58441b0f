import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ChildProcessOfEcap,
  type ChildServer,
  startChildServer,
  startChildWorker,
} from "../support/child-process.ts";
import { cannotDeploy, type Deployment, testDeployment } from "../support/deployment.ts";

const orders = 240;

describe.skipIf(cannotDeploy)("processes of a deployment on services that are killed", () => {
  let dir: string;
  let deployment: Deployment;
  let api: ChildServer;
  let workers: ChildProcessOfEcap[] = [];
  const worker = async (name: string, roles: string) => {
    const own = join(dir, name);
    await mkdir(own, { recursive: true });
    return startChildWorker(own, roles, { ...deployment.env, ECAP_CONFIG: deployment.config });
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-killed-"));
    deployment = await testDeployment();
    await mkdir(join(dir, "api"));
    api = await startChildServer(join(dir, "api"), {
      ...deployment.env,
      ECAP_CONFIG: deployment.config,
      ECAP_ROLES: "api",
      ECAP_ADMIN_PASSWORD: "a long enough password",
    });
    workers = [await worker("worker-1", "worker"), await worker("sink-1", "sink")];
  }, 300_000);
  afterAll(async () => {
    for (const each of [...workers, api]) await each.end("SIGTERM");
    await deployment.close();
    await rm(dir, { recursive: true, force: true });
  }, 120_000);

  const call = async (path: string, body: unknown) => {
    const response = await fetch(`${api.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBeLessThan(300);
    return (await response.json()) as { readonly rows?: unknown; readonly key?: string };
  };

  it("lose nothing and count nothing twice", async () => {
    const { key = "" } = await call("/v1/admin/api-keys", { name: "shop", role: "api_user" });
    const send = async (i: number) => {
      const response = await fetch(`${api.url}/v1/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(order(i)),
      });
      expect(response.status).toBeLessThan(300);
    };
    for (let i = 0; i < orders; i++) {
      await send(i);
      // In turn the worker and the sink die in the middle of their work, and another takes their partitions.
      if (i % 60 !== 59) continue;
      const killed = (i / 60) & 1 ? "worker" : "sink";
      await workers[killed === "worker" ? 0 : 1]?.end("SIGKILL");
      workers[killed === "worker" ? 0 : 1] = await worker(`${killed}-${i}`, killed);
    }
    const counted = async () => {
      const sql = "select count(*) as n, count(distinct order_id) as ids from orders";
      return (await call("/v1/query", { sql })).rows;
    };
    const all = [{ n: orders, ids: orders }];
    await expect.poll(counted, { timeout: 180_000, interval: 2_000 }).toEqual(all);
    expect(workers.map(({ output }) => output()).join("\n")).not.toMatch(
      /ecap-secret|a secret for/,
    );
  }, 500_000);
});

function order(i: number) {
  return {
    id: `event-${i}`,
    type: "order.completed",
    time: new Date().toISOString(),
    actor: { customerId: `c${i % 7}` },
    data: {
      order_id: `o${i}`,
      currency: "EUR",
      products: [{ product_id: "p", price: "9.90", quantity: 1 }],
    },
  };
}
