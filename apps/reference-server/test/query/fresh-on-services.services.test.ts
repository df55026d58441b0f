import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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

const minute = 60_000;

describe.skipIf(cannotDeploy)(
  "a dashboard on Kafka and S3, with the sink in another process",
  () => {
    const before = { ...process.env };
    let dir: string;
    let deployment: Deployment;
    let api: RunningServer;
    let sink: RunningProcess;

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), "ecap-fresh-"));
      deployment = await testDeployment();
      Object.assign(process.env, deployment.env);
      const settings = async (name: string, roles: readonly ServerRole[]) => {
        const loaded = await loadSettings({
          config: deployment.config,
          dir: join(dir, name),
          port: "0",
        });
        const sinks = { maxWaitMs: minute, maxWaitBehindMs: minute };
        return { ...loaded, roles, config: { ...loaded.config, sinks } };
      };
      sink = await startWorker(await settings("sink", ["sink"]), silentLogger);
      api = await startServer(await settings("api", ["api"]), silentLogger);
    }, 180_000);

    afterAll(async () => {
      await api.close();
      await sink.close();
      await deployment.close();
      for (const name of Object.keys(deployment.env)) {
        if (before[name] === undefined) delete process.env[name];
      }
      await rm(dir, { recursive: true, force: true });
    }, 120_000);

    it("shows an event as soon as it is accepted", async () => {
      const { accounts, platform } = api.composition;
      const key = async (role: "api_user" | "viewer") => {
        const made = await accounts.apiKeys.create({
          name: role,
          role,
          tenant: "default",
          createdBy: "test",
        });
        return { authorization: `Bearer ${made.key}`, "content-type": "application/json" };
      };
      const [sender, viewer] = [await key("api_user"), await key("viewer")];
      const ask = async () => {
        const path = "/v1/bi/revenue?from=2000-01-01&to=2100-01-01&grain=month";
        const response = await fetch(`${api.url}${path}`, { headers: viewer });
        return (await response.json()) as { total: { gross: string }; behind?: string[] };
      };
      // The first look at a topic connects, and reads what was written for the ids of repeats.
      await ask();
      for (let orders = 1; orders <= 3; orders++) {
        const event = {
          id: `e${orders}`,
          type: "order.completed",
          actor: { customerId: `c${orders}` },
          data: {
            order_id: `o${orders}`,
            currency: "EUR",
            products: [{ product_id: "p", price: "9.90", quantity: 1 }],
          },
        };
        const sent = await fetch(`${api.url}/v1/events`, {
          method: "POST",
          headers: sender,
          body: JSON.stringify([event, event]),
        });
        expect(sent.status).toBe(200);
        await sleep(250);
        const { total, behind } = await ask();
        expect(behind).toBeUndefined();
        expect(total.gross).toBe((9.9 * orders).toFixed(2));
      }
      const { files } = await platform.port("tableStore").snapshot("order_lines");
      expect(files).toEqual([]);
    }, 60_000);
  },
);
