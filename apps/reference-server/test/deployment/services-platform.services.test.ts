import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresDatabase } from "@ecap/adapter-postgres";
import { silentLogger } from "@ecap/sdk";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSettings } from "../../src/config/load-config.ts";
import type { ServerRole } from "../../src/config/roles.ts";
import {
  type RunningProcess,
  type RunningServer,
  startServer,
  startWorker,
} from "../../src/server/start-server.ts";

const env = process.env;
const addresses = ["KAFKA_BROKERS", "REDIS_URL", "POSTGRES_URL", "S3_ENDPOINT"];
const missing = addresses.filter((name) => env[`ECAP_TEST_${name}`] === undefined);

describe.skipIf(missing.length > 0 && env["CI"] !== "true")(
  "a platform on services, in processes of one role each",
  () => {
    const id = randomUUID().slice(0, 8);
    const databaseName = `ecap_test_${id}`;
    const before = { ...env };
    let dir: string;
    let apis: RunningServer[] = [];
    let workers: RunningProcess[] = [];

    beforeAll(async () => {
      expect(missing).toEqual([]);
      dir = await mkdtemp(join(tmpdir(), "ecap-services-"));
      const server = env["ECAP_TEST_POSTGRES_URL"] ?? "";
      await onServer(server, `create database ${databaseName}`);
      Object.assign(env, {
        ECAP_KAFKA_BROKERS: env["ECAP_TEST_KAFKA_BROKERS"],
        ECAP_KAFKA_TOPIC_PREFIX: `deployment-${id}-`,
        ECAP_REDIS_URL: env["ECAP_TEST_REDIS_URL"],
        ECAP_REDIS_KEY_PREFIX: `deployment-${id}/`,
        ECAP_POSTGRES_URL: server.replace(/\/[^/]*$/, `/${databaseName}`),
        ECAP_S3_ENDPOINT: env["ECAP_TEST_S3_ENDPOINT"],
        ECAP_S3_ACCESS_KEY: env["ECAP_TEST_S3_ACCESS_KEY"],
        ECAP_S3_SECRET_KEY: env["ECAP_TEST_S3_SECRET_KEY"],
        ECAP_S3_BUCKET: env["ECAP_TEST_S3_BUCKET"],
        ECAP_S3_PREFIX: `deployment/${id}`,
        ECAP_SECRET_JWT_SECRET: "a secret for tests alone, the same in all of them",
      });
      const settings = async (name: string, roles: readonly ServerRole[]) => ({
        ...(await loadSettings({ config: example, dir: join(dir, name), port: "0" })),
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
      const [first] = apis;
      const objects = first?.composition.platform.port("objectStore");
      for (const worker of workers) await worker.close();
      if (objects) for await (const { key } of objects.list("")) await objects.delete(key);
      for (const api of apis) await api.close();
      await onServer(
        env["ECAP_TEST_POSTGRES_URL"] ?? "",
        `drop database ${databaseName} with (force)`,
      );
      for (const name of Object.keys(env)) if (!(name in before)) delete env[name];
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
  },
);

const example = join(import.meta.dirname, "../../examples/services.config.ts");

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

async function onServer(connectionString: string, statement: string): Promise<void> {
  const database = postgresDatabase({ connectionString });
  await sql.raw(statement).execute(await database.open("deployment_tests", []));
  await database.close();
}
