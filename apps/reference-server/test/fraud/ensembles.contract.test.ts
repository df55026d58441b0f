import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fraud } from "@ecap/plugin-fraud";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultConfig } from "../../src/config/default-config.ts";
import { ecap, ecapJson } from "../support/ecap-in-process.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

/** As by default, with models that may take their time: how busy the machine is must not show. */
const plugins = defaultConfig.plugins.map((each) =>
  each.name === fraud.service.plugin ? fraud({ modelTimeoutMs: 10_000 }) : each,
);
const january = { from: "2026-01-01", to: "2026-02-01" };
const february = { from: "2026-02-01", to: "2026-03-01" };

interface Training {
  readonly id: string;
  readonly state: string;
  readonly version?: number;
  readonly problem?: string;
}

describe("ensembles in decisions", () => {
  let server: TestServer;
  let keys: Record<"viewer" | "api_user" | "ann" | "bob" | "admin", string>;
  const call = async (who: keyof typeof keys, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${server.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${keys[who]}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const learned = async (path: string, body: object): Promise<Training> => {
    const begun = await call("ann", "POST", `/models/fraud/${path}`, body);
    expect(begun.status).toBe(202);
    let training = begun.body as unknown as Training;
    while (training.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const asked = await call("viewer", "GET", `/models/fraud/trainings/${training.id}`);
      training = asked.body as unknown as Training;
    }
    return training;
  };
  const pay = (id: string) =>
    call("api_user", "POST", "/fraud/assess?explain=true&durability=before", {
      id,
      amount: 950,
      customerId: id,
    });

  beforeAll(async () => {
    server = await startTestServer({ config: { ...defaultConfig, plugins } });
    keys = {
      viewer: await server.key("viewer"),
      api_user: await server.key("api_user"),
      ann: await server.key("analyst"),
      bob: await server.key("analyst"),
      admin: await server.key("admin"),
    };
    const { platform } = server.composition;
    const service = platform.service(fraud);
    // Most frauds are large, and most large payments are frauds.
    const sell = async (month: string, i: number) => {
      const isFraud = i % 5 === 0;
      const id = `${month}-${i}`;
      const amount = isFraud !== (i % 17 === 0) ? 900 + i : 10 + i;
      const time = Date.parse(`2026-${month}-${String(1 + (i % 28)).padStart(2, "0")}T10:00:00Z`);
      await service.assess({ id, amount, customerId: id, time });
      const data = { payment_id: id, fraud: isFraud, source: "test" };
      if (isFraud)
        await platform.emit({ type: "label.recorded", tenant: "default", source: "test", data });
    };
    for (const month of ["01", "02"])
      await Promise.all(Array.from({ length: 200 }, (_, i) => sell(month, i)));
    await platform.drain();
    const trees = { kind: "boosted", trees: 20, leafWeight: 0.1 };
    const trained = { ...january, challenge: false };
    await learned("trainings", { ...trained, name: "trees", algorithm: trees });
    await learned("trainings", {
      ...trained,
      name: "stumps",
      algorithm: { ...trees, depth: 1 },
    });
  }, 120_000);
  afterAll(() => server.close());

  const members = ["trees/1", "stumps/2"];

  it("learns from the labels of a later period how two models become one, and scores by it when somebody else promoted it", async () => {
    const body = { ...february, members, calibration: "platt" };
    const done = await learned("ensembles", body);
    expect(done).toMatchObject({
      state: "done",
      version: 3,
      algorithm: "ensemble",
      report: {
        rows: 200,
        validationRows: 40,
        validation: {
          precisionAt: [],
          calibration: expect.any(Array) as unknown,
          segments: expect.arrayContaining([
            expect.objectContaining({ name: expect.stringMatching(/^amount up to/) as string }),
          ]) as unknown,
        },
        members: [{ model: "trees/1" }, { model: "stumps/2" }],
      },
    });
    const { body: made } = await call("viewer", "GET", "/models/fraud/versions/3");
    expect(made).toMatchObject({
      state: "challenger",
      members,
      golden: { rows: 20 },
      ensemble: { combination: { kind: "stacked" }, calibration: { kind: "platt" } },
    });
    expect((await call("ann", "POST", "/models/fraud/versions/3/promote")).status).toBe(403);
    expect((await call("bob", "POST", "/models/fraud/versions/3/promote")).status).toBe(200);
    await expect
      .poll(async () => (await pay("asked")).body, { timeout: 10_000 })
      .toMatchObject({ versions: { model: "fraud-ensemble/3" } });
    const { body: decision } = await pay("explained");
    expect(decision).toMatchObject({
      models: [
        {
          model: "fraud-ensemble/3",
          role: "champion",
          members: [
            { model: "trees/1", score: expect.any(Number) as number },
            { model: "stumps/2", score: expect.any(Number) as number },
          ],
        },
      ],
      explanation: { model: "fraud-ensemble/3", method: "trees", space: "log-odds" },
    });
    const { explanation, modelScore } = decision as unknown as {
      readonly modelScore: number;
      readonly explanation: {
        readonly base: number;
        readonly total: number;
        readonly contributions: ReadonlyArray<{ readonly contribution: number }>;
      };
    };
    const sum = explanation.contributions.reduce(
      (all, { contribution }) => all + contribution,
      explanation.base,
    );
    expect(sum).toBeCloseTo(explanation.total, 3);
    expect(modelScore).toBeCloseTo(1 / (1 + Math.exp(-explanation.total)), 5);
  });

  it("is judged by labels beside its members", async () => {
    const { platform } = server.composition;
    const data = { payment_id: "explained", fraud: true, source: "test" };
    await platform.emit({ type: "label.recorded", tenant: "default", source: "test", data });
    await platform.drain();
    const today = Date.now() - 86_400_000;
    const query = `from=${new Date(today).toISOString()}&to=2100-01-01`;
    const { body } = await call("viewer", "GET", `/models/fraud/performance?${query}`);
    const models = (body as { items: Array<{ model: string; labelled: number }> }).items;
    for (const model of ["fraud-ensemble/3", ...members])
      expect(models).toContainEqual(expect.objectContaining({ model, labelled: 1 }));
    const { body: seen } = await call("viewer", "GET", "/models/fraud/versions/3/monitoring");
    expect(seen).toMatchObject({ failed: 0, late: 0, score: { values: seen["asked"] } });
  });

  it("says why it cannot learn", async () => {
    expect(await learned("ensembles", { ...january, members })).toMatchObject({
      state: "failed",
      problem: expect.stringContaining("trees/1 learned from rows up to") as string,
    });
    const path = "/models/fraud/ensembles";
    const asked = (more: object) => call("ann", "POST", path, { ...february, members, ...more });
    expect((await asked({ members: ["trees/1", "stumps/9"] })).status).toBe(404);
    expect((await asked({ members: ["trees/1", "trees/2"] })).status).toBe(404);
    expect((await asked({ members: ["fraud-ensemble/3"] })).status).toBe(400);
    expect((await asked({ members: [] })).status).toBe(400);
    expect((await asked({ to: "2025-01-01" })).status).toBe(400);
    expect((await call("viewer", "POST", path, { ...february, members })).status).toBe(403);
  });

  it("is a document that anybody can write, and a command", async () => {
    const at = ["--dir", server.dir, "--api-key", keys.ann];
    const file = join(server.dir, "ensemble.json");
    const document = {
      name: "by-hand",
      members: ["fraud-baseline/0", "trees/1"],
      combination: { kind: "weighted", weights: [1, 3] },
    };
    await writeFile(file, JSON.stringify(document));
    expect(await ecap("model", "ensemble", file, ...at)).toMatch(
      /version 4 is registered\nby-hand, an ensemble of fraud-baseline\/0, trees\/1/,
    );
    const given = await call("ann", "GET", "/models/fraud/versions/4/file");
    const text = Buffer.from(String(given.body["model"]), "base64").toString();
    expect(JSON.parse(text)).toEqual(document);
    const broken = { ...document, members: ["trees/1", "nobody/7"] };
    expect(
      (await call("ann", "POST", "/models/fraud/validate", { ensemble: broken })).body,
    ).toEqual({ valid: false, problem: 'there is no model "nobody/7" to be a member' });
    const period = ["--from", february.from, "--to", february.to, "--no-challenge"];
    const made = await ecapJson("model", "ensemble", "--members", ...members, ...period, ...at);
    expect(made).toMatchObject({ state: "done", version: 5 });
    expect(await ecap("model", "list", ...at)).toMatch(
      /by-hand \(fraud-baseline\/0, trees\/1\)[^]*fraud-baseline/,
    );
    await expect(ecap("model", "ensemble", ...at)).rejects.toMatchObject({
      code: "ECAP_REQUEST_INVALID",
    });
  });

  it("the example of the docs is such a document", async () => {
    const docs = await readFile(new URL("../../../../docs/models.md", import.meta.url), "utf8");
    const [, after = ""] = docs.split("## Ensembles");
    const document = JSON.parse(/```json\n([^]*?)```/.exec(after)?.[1] ?? "") as object;
    // Of the registry's own models, whose features are others than those of the example's golden vector.
    const ensemble = { ...document, members: ["trees/1", "stumps/2"], golden: [] };
    const { body } = await call("ann", "POST", "/models/fraud/validate", { ensemble });
    expect(body).toMatchObject({ valid: true, model: { name: "card-ensemble" } });
  });

  it("the model that comes with the platform is version 0 of the registry, with its contract and its monitoring", async () => {
    expect((await call("viewer", "GET", "/models/fraud/versions/0")).body).toMatchObject({
      version: 0,
      name: "fraud-baseline",
      registeredBy: "ecap",
      state: "retired",
    });
    const { body } = await call("viewer", "GET", "/models/fraud/versions/0/monitoring");
    expect(body).toMatchObject({ failed: 0, score: { drifted: expect.any(Boolean) as boolean } });
    expect(body["asked"]).toBeGreaterThanOrEqual(400);
  });

  it("ecap model policy shows and sets when a challenger is promoted without a person", async () => {
    const at = ["--dir", server.dir];
    const policy = (...more: readonly string[]) => ecap("model", "policy", ...more, ...at);
    expect(await policy()).toBe("a challenger is promoted by persons only\n");
    const asked = ["--labels", "500", "--frauds", "50", "--gain", "0.01"];
    await expect(policy(...asked)).rejects.toMatchObject({ code: "ECAP_FORBIDDEN" });
    expect(await policy(...asked, "--api-key", keys.admin)).toContain("larger by 0.01");
    expect(await policy("--json")).toContain('"labels": 500');
    expect(await policy("--never", "--api-key", keys.admin)).toContain("persons only");
    await expect(policy("--labels", "500")).rejects.toMatchObject({ code: "ECAP_REQUEST_INVALID" });
  });
});
