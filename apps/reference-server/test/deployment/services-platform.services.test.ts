import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@ecap/sdk";
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

interface HealthAnswer {
  readonly processes: ReadonlyArray<{ readonly state: string }>;
  readonly alerts: readonly unknown[];
  readonly consumers: ReadonlyArray<{
    readonly name: string;
    readonly state: string;
    readonly lag: number;
    readonly partitions: ReadonlyArray<{ readonly process?: string }>;
  }>;
}

describe.skipIf(cannotDeploy)("a platform on services, in processes of one role each", () => {
  const before = { ...process.env };
  let dir: string;
  let deployment: Deployment;
  let apis: RunningServer[] = [];
  let workers: RunningProcess[] = [];

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-services-"));
    deployment = await testDeployment();
    Object.assign(process.env, deployment.env);
    const settings = async (name: string, roles: readonly ServerRole[]) => ({
      ...(await loadSettings({ config: deployment.config, dir: join(dir, name), port: "0" })),
      roles,
    });
    apis = await Promise.all(
      ["api-1", "api-2"].map(async (name) =>
        startServer(await settings(name, ["api"]), silentLogger),
      ),
    );
    const jobs = [
      ["worker-1", "worker"],
      ["worker-2", "worker"],
      ["sink-1", "sink"],
    ] as const;
    workers = await Promise.all(
      jobs.map(async ([name, role]) => startWorker(await settings(name, [role]), silentLogger)),
    );
  }, 180_000);

  afterAll(async () => {
    for (const each of [...workers, ...apis]) await each.close();
    await deployment.close();
    for (const name of Object.keys(deployment.env)) {
      if (before[name] === undefined) delete process.env[name];
    }
    await rm(dir, { recursive: true, force: true });
  }, 120_000);

  const keyOf = async (role: "api_user" | "admin") => {
    const keys = apis[0]?.composition.accounts.apiKeys;
    const made = await keys?.create({ name: role, role, tenant: "default", createdBy: "test" });
    return made?.key ?? "";
  };

  it("is ready everywhere, and says what of", async () => {
    for (const each of [...apis, ...workers]) {
      await expect
        .poll(async () => (await fetch(`${each.url}/readyz`)).json(), { timeout: 30_000 })
        .toMatchObject({ status: "ready" });
    }
  });

  it("counts what both APIs took, each order once though each got all of them", async () => {
    const [sender, reader] = [await keyOf("api_user"), await keyOf("admin")];
    const orders = Array.from({ length: 40 }, (_, i) => order(`o${i}`));
    for (const [i, event] of [...orders, ...orders].entries()) {
      const response = await fetch(`${apis[i % 2]?.url}/v1/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${sender}`, "content-type": "application/json" },
        body: JSON.stringify(event),
      });
      expect(response.status).toBeLessThan(300);
    }
    const counted = () => rows(apis[1], reader, "select count(*) as n from orders");
    await expect.poll(counted, { timeout: 90_000, interval: 1_000 }).toEqual([{ n: 40 }]);
  }, 150_000);

  it("says at each API how all processes and their consumers are", async () => {
    const key = await keyOf("admin");
    for (const api of apis) {
      const health = async () => {
        const response = await fetch(`${api.url}/v1/admin/health`, {
          headers: { authorization: `Bearer ${key}` },
        });
        return (await response.json()) as HealthAnswer;
      };
      await expect
        .poll(async () => (await health()).processes.map(({ state }) => state), { timeout: 30_000 })
        .toEqual(Array.from({ length: 5 }, () => "alive"));
      expect((await health()).alerts).toEqual([]);
      const names = (given: HealthAnswer["consumers"]) => given.map(({ name }) => name);
      await expect
        .poll(
          async () => names((await health()).consumers.filter(({ state }) => state !== "running")),
          { timeout: 40_000, interval: 500 },
        )
        .toEqual([]);
      const isHeldByNobody = ({ partitions }: HealthAnswer["consumers"][number]) =>
        partitions.some(({ process: holder }) => holder === undefined);
      await expect
        .poll(async () => names((await health()).consumers.filter(isHeldByNobody)), {
          timeout: 40_000,
          interval: 500,
        })
        .toEqual([]);
      await expect
        .poll(async () => (await health()).consumers.filter(({ lag }) => lag > 1_000), {
          timeout: 30_000,
        })
        .toEqual([]);
    }
  }, 90_000);

  it("lets a user who signed in at one API use the other", async () => {
    const [one, two] = apis;
    const password = "a long enough password";
    await one?.composition.accounts.users.create({
      name: "ada",
      password,
      role: "admin",
      tenant: "default",
    });
    const signedIn = await fetch(`${one?.url}/v1/session`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: one?.url ?? "" },
      body: JSON.stringify({ name: "ada", password }),
    });
    const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
    expect(cookie).toContain("ecap_session=");
    const asked = await fetch(`${two?.url}/v1/admin/boot-plan`, { headers: { cookie } });
    expect(asked.status).toBe(200);
  });
});

function order(orderId: string) {
  return {
    id: `event-${orderId}`,
    type: "order.completed",
    time: new Date().toISOString(),
    actor: { customerId: "c1" },
    data: {
      order_id: orderId,
      currency: "EUR",
      products: [{ product_id: "p", price: "9.90", quantity: 1 }],
    },
  };
}

async function rows(api: RunningServer | undefined, key: string, text: string) {
  const response = await fetch(`${api?.url}/v1/query`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ sql: text }),
  });
  const body = (await response.json()) as { readonly rows?: unknown };
  return body.rows ?? body;
}
