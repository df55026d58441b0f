import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ecap, ecapJson } from "../support/ecap-in-process.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

interface Training {
  readonly id: string;
  readonly state: string;
  readonly version?: number;
  readonly problem?: string;
  readonly report?: { readonly rows: number; readonly positives: number };
}

describe("training on decisions and their labels", () => {
  let server: TestServer;
  let ann: string;
  let viewer: string;
  const period = { from: "2020-01-01", to: "2100-01-01" };

  const call = async (key: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${server.url}/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const ended = async (begun: Training): Promise<Training> => {
    let training = begun;
    while (training.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const path = `/models/fraud/trainings/${begun.id}`;
      training = (await call(viewer, "GET", path)).body as Training;
    }
    return training;
  };
  const train = (body: object = {}) =>
    call(ann, "POST", "/models/fraud/trainings", { ...period, ...body });

  beforeAll(async () => {
    server = await startTestServer();
    ann = await server.key("analyst");
    viewer = await server.key("viewer");
    const shop = await server.key("api_user");
    const { platform } = server.composition;
    // Frauds are the large ones: something to learn.
    for (let i = 0; i < 200; i += 1) {
      const isFraud = i % 5 === 0;
      const id = `payment-${i}`;
      const amount = isFraud ? 900 + i : 10 + (i % 50);
      const payment = { id, amount, customerId: id };
      expect((await call(shop, "POST", "/fraud/assess", payment)).status).toBe(200);
      const data = { payment_id: id, fraud: isFraud, source: "test" };
      if (isFraud)
        await platform.emit({ type: "label.recorded", tenant: "default", source: "test", data });
    }
    await platform.drain();
  });
  afterAll(() => server.close());

  it("registers a model that tells frauds apart, as the challenger", async () => {
    const begun = await train({ algorithm: { kind: "boosted", trees: 20, leafWeight: 0.1 } });
    expect(begun).toMatchObject({ status: 202, body: { state: "running", algorithm: "boosted" } });
    const done = await ended(begun.body as Training);
    expect(done).toMatchObject({
      state: "done",
      version: 1,
      report: { rows: 200, positives: 40, validationRows: 40, validation: { auc: 1 } },
    });
    const { body } = await call(viewer, "GET", "/models/fraud/versions");
    expect(body).toMatchObject({
      items: [
        { version: 1, state: "challenger", name: "fraud-trained", golden: { rows: 20 } },
        { version: 0, state: "champion", name: "fraud-baseline" },
      ],
    });
    const listed = await call(viewer, "GET", "/models/fraud/trainings");
    expect(listed.body).toEqual({ items: [done] });
  });

  it("is a command that follows the training", async () => {
    const args = ["model", "train", "--from", period.from, "--to", period.to, "--no-challenge"];
    const at = ["--dir", server.dir, "--api-key", ann];
    const made = await ecapJson(...args, "--algorithm", "logistic", ...at);
    expect(made).toMatchObject({ state: "done", version: 2 });
    const said = await ecap(...args, "--algorithm", "forest", ...at);
    expect(said).toMatch(/version 3 is registered\n200 payments, 40 of them frauds/);
  });

  it("says why it cannot train", async () => {
    const { body } = await train({ from: "2019-01-01", to: "2019-02-01" });
    expect(await ended(body as Training)).toMatchObject({
      state: "failed",
      problem: expect.stringContaining("ECAP_TRAINING_DATA"),
    });
    expect((await train({ to: "2019-01-01" })).status).toBe(400);
    expect((await train({ algorithm: { kind: "boosted", trees: 1e9 } })).status).toBe(400);
    expect((await call(viewer, "POST", "/models/fraud/trainings", period)).status).toBe(403);
    expect((await call(viewer, "GET", "/models/fraud/trainings/none")).status).toBe(404);
  });

  it("trains one at a time in a process", async () => {
    const algorithm = { kind: "network", hidden: [64], epochs: 60, patience: 60 };
    const first = await train({ algorithm, challenge: false });
    expect(await train()).toMatchObject({ status: 429, body: { code: "ECAP_OVERLOADED" } });
    expect(await ended(first.body as Training)).toMatchObject({ state: "done" });
  });
});
