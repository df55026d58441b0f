import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@ecap/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSettings } from "../../src/config/load-config.ts";
import { type RunningServer, startServer } from "../../src/server/start-server.ts";
import { cannotDeploy, type Deployment, testDeployment } from "../support/deployment.ts";

const baseline = new URL("../../../../packages/plugin-fraud/models/baseline.onnx", import.meta.url);

describe.skipIf(cannotDeploy)("models on services, in two processes", () => {
  const before = { ...process.env };
  let dir: string;
  let deployment: Deployment;
  let apis: RunningServer[] = [];
  let keys: Record<"api_user" | "ann" | "bob", string>;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-models-"));
    deployment = await testDeployment();
    Object.assign(process.env, deployment.env);
    const start = async (name: string) =>
      startServer(
        {
          ...(await loadSettings({ config: deployment.config, dir: join(dir, name), port: "0" })),
          roles: ["api"],
        },
        silentLogger,
      );
    apis = [await start("one"), await start("two")];
    const accounts = apis[0]?.composition.accounts.apiKeys;
    const key = async (role: "api_user" | "analyst") =>
      (await accounts?.create({ name: role, role, tenant: "default", createdBy: "test" }))?.key ??
      "";
    keys = {
      api_user: await key("api_user"),
      ann: await key("analyst"),
      bob: await key("analyst"),
    };
  }, 180_000);
  afterAll(async () => {
    for (const each of apis) await each.close();
    await deployment.close();
    for (const name of Object.keys(deployment.env)) {
      if (before[name] === undefined) delete process.env[name];
    }
    await rm(dir, { recursive: true, force: true });
  }, 120_000);

  const call = async (
    at: number,
    who: keyof typeof keys,
    method: string,
    path: string,
    body?: object,
  ) => {
    const response = await fetch(`${apis[at]?.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${keys[who]}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  let payments = 0;
  const modelAt = async (at: number) => {
    payments += 1;
    const made = await call(at, "api_user", "POST", "/fraud/assess", {
      id: `m${payments}`,
      amount: 20,
    });
    return (made["versions"] as { readonly model?: string }).model;
  };

  it("what one process registers and promotes decides in the other, and both count", async () => {
    const versions = "/models/fraud/versions";
    await expect.poll(() => modelAt(1), { timeout: 20_000 }).toBe("fraud-baseline/0");
    const model = (await readFile(baseline)).toString("base64");
    expect(await call(0, "ann", "POST", versions, { model })).toMatchObject({ version: 1 });
    await call(0, "ann", "POST", `${versions}/1/challenge`);
    expect(await call(1, "bob", "POST", `${versions}/1/promote`)).toEqual({
      version: 1,
      state: "champion",
    });
    for (const at of [0, 1])
      await expect.poll(() => modelAt(at), { timeout: 20_000 }).toBe("fraud-baseline/1");
    expect(await call(1, "ann", "GET", `${versions}/1/file`)).toMatchObject({ model });
    // Each process writes down what it counted every ten seconds.
    await expect
      .poll(async () => (await call(1, "ann", "GET", `${versions}/1/monitoring`))["asked"], {
        timeout: 30_000,
        interval: 1_000,
      })
      .toBeGreaterThanOrEqual(2);
    const ensemble = {
      name: "both",
      members: ["fraud-baseline/0", "fraud-baseline/1"],
      combination: { kind: "weighted", weights: [1, 1] },
    };
    expect(await call(0, "ann", "POST", versions, { ensemble })).toMatchObject({ version: 2 });
    await call(1, "ann", "POST", `${versions}/2/challenge`);
    await call(0, "bob", "POST", `${versions}/2/promote`);
    for (const at of [0, 1])
      await expect.poll(() => modelAt(at), { timeout: 20_000 }).toBe("both/2");
    await call(0, "ann", "POST", `${versions}/0/reinstate`);
    await expect.poll(() => modelAt(1), { timeout: 20_000 }).toBe("fraud-baseline/0");
  }, 120_000);
});
