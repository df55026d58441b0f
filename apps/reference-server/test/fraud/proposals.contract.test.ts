import { treesModelTrainer } from "@ecap/adapter-trees";
import { fraud, steadyFeatureNames } from "@ecap/plugin-fraud";
import type { Role } from "@ecap/sdk/http";
import { readTopic } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultConfig } from "../../src/config/default-config.ts";
import { ecap } from "../support/ecap-in-process.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

const dayMs = 86_400_000;
const now = Date.now();
const iso = (at: number): string => new Date(at).toISOString();

/** A model that was taught that payments of more than a hundred are frauds. */
async function amountsModel() {
  const rows = 1_000;
  const amount = Float32Array.from({ length: rows }, (_, i) => 5 + ((i * 37) % 200));
  const zeros = Object.fromEntries(
    steadyFeatureNames.map((feature) => [feature, new Float32Array(rows)]),
  );
  const label = Uint8Array.from(amount, (each) => (each > 100 ? 1 : 0));
  const { bytes } = await treesModelTrainer().train(
    [{ rows, columns: { ...zeros, amount, label } }],
    {
      name: "amounts",
      version: "1",
      algorithm: { kind: "boosted", trees: 10, depth: 1 },
      features: steadyFeatureNames,
      label: "label",
    },
  );
  return new Uint8Array(bytes);
}

interface Proposal {
  readonly id: string;
  readonly state: string;
  readonly training?: string;
}

describe("proposals to train again", () => {
  let server: TestServer;
  const keys: Record<string, string> = {};

  const call = async (who: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${server.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${keys[who]}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const proposals = async (who: string): Promise<readonly Proposal[]> => {
    const { body } = await call(who, "GET", "/models/fraud/proposals");
    return (body as unknown as { items: Proposal[] }).items;
  };
  const look = async () => {
    const { platform } = server.composition;
    return (await platform.background?.jobs?.runNow("fraud-model-proposals"))?.report;
  };
  const modelAlerts = async () => {
    const { platform } = server.composition;
    const records = await readTopic(platform.port("eventLog"), "system-metrics");
    return records.flatMap((record) => {
      const event = platform.decode(record);
      return event?.type.startsWith("model.alert.") === true ? [event] : [];
    });
  };

  /** Two months ago frauds were the large payments; of late they are any. */
  async function trade(tenant: string): Promise<void> {
    const { platform } = server.composition;
    const service = platform.service(fraud);
    const pay = async (i: number, at: number, isLarge: boolean) => {
      const isFraud = i % 4 === 0;
      const id = `${tenant}-${at}-${i}`;
      const amount = (isLarge ? 150 : 20) + (i % 7);
      await service.assess({
        id,
        amount,
        customerId: id,
        time: at + i * 60_000,
        tenant,
      });
      const data = { payment_id: id, fraud: isFraud, source: "test" };
      await platform.emit({ type: "label.recorded", tenant, source: "test", data });
    };
    const many = Array.from({ length: 160 }, (_, i) => i);
    await Promise.all(many.map((i) => pay(i, now - 60 * dayMs, i % 4 === 0)));
    await Promise.all(many.map((i) => pay(i, now - 3 * dayMs, i % 3 === 0)));
    // Decisions are written a moment after they are made.
    await service.flush();
    await platform.drain();
  }

  beforeAll(async () => {
    const model = await amountsModel();
    const plugins = defaultConfig.plugins.map((each) =>
      each.name === fraud.service.plugin ? fraud({ modelTimeoutMs: 10_000, model }) : each,
    );
    server = await startTestServer({ config: { ...defaultConfig, plugins } });
    const { apiKeys } = server.composition.accounts;
    for (const tenant of ["default", "other"])
      for (const role of ["viewer", "analyst", "admin"] satisfies Role[]) {
        const made = await apiKeys.create({ name: role, role, tenant, createdBy: "test" });
        keys[`${tenant}/${role}`] = made.key;
      }
    await trade("default");
    await trade("other");
  }, 120_000);
  afterAll(() => server.close());

  it("are raised once for the model that decides, with the evidence, and alerted of", async () => {
    // The job looks by itself as well, and a run that was under way may have begun before there was anything to see.
    const raised = async () => {
      await look();
      const of = await Promise.all(["default/viewer", "other/viewer"].map(proposals));
      return of.map((each) => each.length);
    };
    await expect.poll(raised, { timeout: 20_000 }).toEqual([1, 1]);
    expect(await look()).toEqual({ raised: 0 });
    const [proposal, ...others] = await proposals("default/viewer");
    expect(others).toEqual([]);
    expect(proposal).toMatchObject({ state: "open", version: 0, model: "amounts/0" });
    expect(proposal).toHaveProperty("evidence.0", {
      kind: "decay",
      measure: "auc",
      before: 1,
      now: expect.closeTo(0.5, 1) as number,
      labelled: 160,
      positives: 40,
      pValue: expect.any(Number) as number,
    });
    const alerts = await modelAlerts();
    expect(alerts.map(({ type, tenant }) => [type, tenant])).toEqual(
      expect.arrayContaining([
        ["model.alert.raised", "default"],
        ["model.alert.raised", "other"],
      ]),
    );
    expect(alerts).toHaveLength(2);
    expect(alerts[0]?.data).toMatchObject({
      kind: "decay",
      target: "amounts/0",
      severity: "warning",
      message: expect.stringContaining("AUC fell from 1.000 to") as string,
    });
  });

  it("begin a training when they are accepted, whose model is the challenger", async () => {
    const id = (await proposals("default/viewer"))[0]?.id ?? "";
    const path = `/models/fraud/proposals/${id}/accept`;
    const body = {
      from: iso(now - 90 * dayMs),
      to: iso(now),
      algorithm: { kind: "boosted", trees: 5 },
    };
    expect((await call("default/viewer", "POST", path, body)).status).toBe(403);
    expect((await call("default/analyst", "POST", path, { ...body, to: body.from })).status).toBe(
      400,
    );
    const accepted = await call("default/analyst", "POST", path, body);
    expect(accepted).toMatchObject({ status: 200, body: { state: "accepted" } });
    const training = String(accepted.body["training"]);
    const state = async () => {
      const asked = await call("default/viewer", "GET", `/models/fraud/trainings/${training}`);
      return asked.body["state"];
    };
    await expect.poll(state, { timeout: 30_000 }).toBe("done");
    const { body: versions } = await call("default/viewer", "GET", "/models/fraud/versions");
    expect(versions["items"]).toMatchObject([
      {
        version: 1,
        state: "challenger",
        name: "fraud-trained",
        note: expect.stringContaining("amounts/0: AUC fell") as string,
      },
      { version: 0, state: "champion", name: "amounts" },
    ]);
    expect((await call("default/analyst", "POST", path, body)).status).toBe(409);
    expect(await look()).toEqual({ raised: 0 });
  });

  it("are dismissed with a reason, by a command too", async () => {
    const id = (await proposals("other/viewer"))[0]?.id ?? "";
    const path = `/models/fraud/proposals/${id}/dismiss`;
    expect((await call("other/analyst", "POST", path, { reason: "" })).status).toBe(400);
    const at = ["--dir", server.dir, "--api-key", keys["other/analyst"] ?? ""];
    expect(await ecap("model", "proposals", ...at)).toMatch(/amounts\/0 +open/);
    await expect(ecap("model", "proposals", "--dismiss", id, ...at)).rejects.toMatchObject({
      code: "ECAP_REQUEST_INVALID",
    });
    const reason = ["--reason", "a sale"];
    expect(await ecap("model", "proposals", "--dismiss", id, ...reason, ...at)).toBe(
      "the proposal is dismissed\n",
    );
    expect(await proposals("other/viewer")).toMatchObject([
      { id, state: "dismissed", reason: "a sale" },
    ]);
    expect(await look()).toEqual({ raised: 0 });
    expect((await modelAlerts()).map(({ type }) => type).toSorted()).toEqual([
      "model.alert.raised",
      "model.alert.raised",
      "model.alert.resolved",
      "model.alert.resolved",
    ]);
  });

  it("are audited", async () => {
    await server.composition.platform.drain();
    for (const [tenant, answer] of [
      ["default", "model.proposal.accept"],
      ["other", "model.proposal.dismiss"],
    ] as const) {
      const { body } = await server.get("/v1/governance/audit", keys[`${tenant}/admin`] ?? "");
      const actions = (body as { items: Array<{ action: string }> }).items.map(
        ({ action }) => action,
      );
      expect(actions).toEqual(expect.arrayContaining(["model.proposal.raise", answer]));
    }
  });
});
