import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { featureNames, fraud } from "@ecap/plugin-fraud";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultConfig } from "../../src/config/default-config.ts";
import { ecap, ecapJson } from "../support/ecap-in-process.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** As by default, with a model that may take its time: how busy the machine is must not show. */
const plugins = defaultConfig.plugins.map((each) =>
  each.name === fraud.service.plugin ? fraud({ modelTimeoutMs: 10_000 }) : each,
);
const baseline = new URL("../../../../packages/plugin-fraud/models/baseline.onnx", import.meta.url);

describe("models over HTTP and on the command line", () => {
  let server: TestServer;
  let keys: Record<"viewer" | "api_user" | "ann" | "bob" | "admin", string>;
  let model = "";
  beforeAll(async () => {
    server = await startTestServer({ config: { ...defaultConfig, plugins } });
    keys = {
      viewer: await server.key("viewer"),
      api_user: await server.key("api_user"),
      ann: await server.key("analyst"),
      bob: await server.key("analyst"),
      admin: await server.key("admin"),
    };
    model = (await readFile(baseline)).toString("base64");
  });
  afterAll(() => server.close());

  const call = async (who: keyof typeof keys, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${server.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${keys[who]}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const assess = (id: string) =>
    call("api_user", "POST", "/fraud/assess", { id, amount: 500, customerId: id });

  /** A decision; on a busy machine a model may be late for the first. */
  const decided = async (id: string) => (await assess(id)).body;

  it("goes from a file that one registers to decisions by approval of another, and is audited", async () => {
    const made = await call("ann", "POST", "/models/fraud/versions", { model, note: "again" });
    expect(made).toMatchObject({
      status: 201,
      body: {
        version: 1,
        state: "registered",
        name: "fraud-baseline",
        contract: { positiveLabel: 1 },
      },
    });
    expect((await call("ann", "POST", "/models/fraud/versions/1/challenge")).body).toMatchObject({
      state: "challenger",
    });
    await expect
      .poll(() => decided("before"))
      .toMatchObject({
        versions: { model: "fraud-baseline/0" },
        models: [
          { model: "fraud-baseline/0", role: "champion" },
          { model: "fraud-baseline/1", role: "challenger" },
        ],
      });
    expect((await call("ann", "POST", "/models/fraud/versions/1/promote")).status).toBe(403);
    expect(
      (await call("bob", "POST", "/models/fraud/versions/1/canary", { share: 0.5 })).body,
    ).toMatchObject({ share: 0.5 });
    expect((await call("bob", "POST", "/models/fraud/versions/1/promote")).body).toEqual({
      version: 1,
      state: "champion",
    });
    await expect
      .poll(() => decided("after"))
      .toMatchObject({ versions: { model: "fraud-baseline/1" } });
    expect((await call("viewer", "GET", "/models/fraud/roles")).body).toMatchObject({
      champion: 1,
      changes: [
        { action: "promote" },
        { action: "canary" },
        { action: "challenge" },
        { action: "register" },
      ],
    });
    expect((await call("ann", "GET", "/models/fraud/versions/1/file")).body).toMatchObject({
      model,
    });
    expect((await call("viewer", "GET", "/models/fraud/versions/1/file")).status).toBe(403);
    expect((await call("viewer", "GET", "/models/fraud/contract-schema")).body).toMatchObject({
      type: "object",
    });

    const policy = { labels: 500, frauds: 50, gain: 0.01 };
    expect((await call("ann", "PUT", "/models/fraud/policy", { policy })).status).toBe(403);
    expect((await call("admin", "PUT", "/models/fraud/policy", { policy })).status).toBe(200);
    expect((await call("viewer", "GET", "/models/fraud/roles")).body).toMatchObject({ policy });

    await server.composition.platform.drain();
    const audit = await server.get("/v1/governance/audit", keys.admin);
    const actions = (audit.body as { items: Array<{ action: string }> }).items.map(
      (each) => each.action,
    );
    expect(actions).toEqual(
      expect.arrayContaining(["model.register", "model.promote", "model.policy"]),
    );
  });

  it("says how models did as labels come, and sets two side by side", async () => {
    const { platform } = server.composition;
    for (let i = 0; i < 12; i += 1) {
      await assess(`known-${i}`);
      const data = { payment_id: `known-${i}`, fraud: i % 3 === 0, source: "test" };
      await platform.emit({ type: "label.recorded", tenant: "default", source: "test", data });
    }
    await platform.drain();
    const period = `from=2020-01-01&to=2100-01-01`;
    const { body } = await call("viewer", "GET", `/models/fraud/performance?${period}`);
    expect(body["items"]).toContainEqual(
      expect.objectContaining({
        model: "fraud-baseline/1",
        labelled: 12,
        days: expect.arrayContaining([
          expect.objectContaining({ day: expect.any(String) as string }),
        ]) as unknown,
        positives: 4,
        coverage: 1,
        failed: 0,
        late: 0,
      }),
    );
    const pair = "first=fraud-baseline/0&second=fraud-baseline/1";
    expect(await call("viewer", "GET", `/models/fraud/comparison?${pair}&${period}`)).toMatchObject(
      {
        status: 200,
        body: { first: { model: "fraud-baseline/0", labelled: 0 } },
      },
    );
    expect(
      await call(
        "viewer",
        "GET",
        `/models/fraud/comparison?first=fraud-baseline/0&second=none/9&${period}`,
      ),
    ).toMatchObject({ status: 404, body: { code: "ECAP_MODEL_NOT_FOUND" } });
  });

  it("says what each feature added to a score, and keeps it with the decision where that is asked for", async () => {
    const asked = { id: "why", amount: 500, customerId: "why" };
    interface Explained {
      readonly features: Readonly<Record<string, number>>;
      readonly explanation: {
        readonly method: string;
        readonly base: number;
        readonly total: number;
        readonly contributions: ReadonlyArray<{
          readonly feature: string;
          readonly contribution: number;
        }>;
      };
    }
    const { body } = await call(
      "api_user",
      "POST",
      "/fraud/assess?explain=true&durability=before",
      asked,
    );
    const { explanation, features } = body as unknown as Explained;
    expect(explanation).toMatchObject({
      model: "fraud-baseline/1",
      method: "trees",
      space: "log-odds",
    });
    const sum = explanation.contributions.reduce(
      (all, each) => all + each.contribution,
      explanation.base,
    );
    expect(sum).toBeCloseTo(explanation.total, 3);
    expect(body["modelScore"]).toBeCloseTo(1 / (1 + Math.exp(-explanation.total)), 5);
    const [kept] = await server.rows(
      "select explanation from decisions where transaction_id = 'why'",
      "decisions",
    );
    expect(JSON.parse(String(kept?.["explanation"]))).toEqual(explanation);
    const record = await call("viewer", "GET", "/fraud/decisions/why/explanation");
    expect(record).toMatchObject({
      status: 200,
      body: { outcome: body["outcome"], replayed: true, explanation },
    });
    expect(record.body["counterfactuals"]).toEqual(body["counterfactuals"] ?? []);
    expect((await call("viewer", "GET", "/fraud/decisions/nobody/explanation")).status).toBe(404);
    const again = await call("viewer", "POST", "/models/fraud/explain", { features });
    expect(again.body).toMatchObject({ total: explanation.total });
    expect(
      (await call("viewer", "POST", "/models/fraud/explain", { features, model: "none/1" })).status,
    ).toBe(404);
    const { body: drift } = await call("viewer", "GET", "/models/fraud/versions/1/monitoring");
    expect(drift).toMatchObject({ failed: 0, score: { values: drift["asked"] } });
  });

  it("refuses what is no model, with the reason", async () => {
    const text = Buffer.from("no model").toString("base64");
    expect(await call("ann", "POST", "/models/fraud/versions", { model: text })).toMatchObject({
      status: 422,
      body: { code: "ECAP_MODEL_INVALID" },
    });
    expect(
      (await call("ann", "POST", "/models/fraud/validate", { model: text })).body,
    ).toMatchObject({ valid: false });
    const contract = { name: "m", features: [...featureNames] };
    expect((await call("ann", "POST", "/models/fraud/validate", { model, contract })).body).toEqual(
      {
        valid: false,
        problem: "the model has a contract of its own; a side file is for models without one",
      },
    );
    expect((await call("ann", "POST", "/models/fraud/versions", { model: "%" })).status).toBe(400);
    expect((await call("ann", "POST", "/models/fraud/versions/99/shadow")).status).toBe(404);
  });

  it("ecap model does the same, and who approves says who that is", async () => {
    const at = ["--dir", server.dir];
    const file = join(server.dir, "model.onnx");
    await writeFile(file, Buffer.from(model, "base64"));
    expect(await ecap("model", "validate", file, ...at)).toContain("20 golden vectors");
    const made = (await ecapJson("model", "register", file, "--note", "cli", ...at)) as {
      readonly version: number;
    };
    const version = String(made.version);
    expect(await ecap("model", "shadow", version, ...at)).toBe(`version ${version} is shadow\n`);
    await expect(ecap("model", "promote", version, ...at)).rejects.toMatchObject({
      code: "ECAP_FORBIDDEN",
    });
    const promoted = await ecapJson("model", "promote", version, "--api-key", keys.bob, ...at);
    expect(promoted).toEqual({ version: made.version, state: "champion" });
    expect(await ecap("model", "list", ...at)).toMatch(/fraud-baseline/);
    const period = ["--from", "2020-01-01", "--to", "2100-01-01"];
    expect(
      await ecap("model", "compare", "fraud-baseline/0", "fraud-baseline/1", ...period, ...at),
    ).toContain("0 payments that both scored");
    await expect(
      ecap("model", "validate", join(server.dir, "absent"), ...at),
    ).rejects.toMatchObject({
      code: "ECAP_FILE_UNREADABLE",
    });
  });
});
