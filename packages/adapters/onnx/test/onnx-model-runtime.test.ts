import { isEcapError } from "@ecap/sdk";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onnxModelRuntime } from "../src/index.ts";
import { columns, counting, linear, tree } from "./onnx-models.ts";

describe("onnxModelRuntime", () => {
  it("shares the features out over several inputs, in order", async () => {
    const model = await onnxModelRuntime().load(columns());
    expect((await model.score([5, 3])).scores).toEqual([2]);
    expect(
      (
        await model.scoreBatch([
          [5, 3],
          [1, 4],
        ])
      ).map(({ scores }) => scores),
    ).toEqual([[2], [-3]]);
    await model.close();
  });

  it("takes text labels through ZipMap and names the producer", async () => {
    const model = await onnxModelRuntime().load(tree({ labels: ["good", "bad"], zipMap: true }));
    expect(model.description.producer).toBe("ecap-test 1");
    expect(model.description.outputs.map(({ name }) => name)).toEqual(["label", "probabilities"]);
    expect((await model.score([0.9, 0])).label).toBe("bad");
    await model.close();
  });

  it("says which package is missing, and how to install it", async () => {
    const missing = onnxModelRuntime({ onnxRuntime: () => Promise.reject(new Error("not found")) });
    await expect(missing.load(linear())).rejects.toMatchObject({
      code: "ECAP_DEPENDENCY_NOT_INSTALLED",
      message: expect.stringContaining(
        "ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node",
      ),
    });
  });

  it("refuses more batches than may wait", async () => {
    const model = await onnxModelRuntime({ maxQueuedBatches: 2 }).load(linear());
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => model.scoreBatch([[1, 2]])));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    const [, , refused] = outcomes;
    expect(refused?.status === "rejected" && isEcapError(refused.reason, "ECAP_OVERLOADED")).toBe(
      true,
    );
    await model.close();
  });

  it("scores a model with a loop in its worker, as it does a batch", async () => {
    const model = await onnxModelRuntime().load(counting(3));
    expect((await model.score([1])).scores).toEqual([4]);
    expect((await model.scoreBatch([[1], [2]])).map(({ scores }) => scores)).toEqual([[4], [5]]);
    await model.close();
  });

  it("answers rows that are asked for at once each for itself, a wrong one among them", async () => {
    const model = await onnxModelRuntime().load(tree({ labels: [0, 1], zipMap: true }));
    const rows = Array.from({ length: 150 }, (_, i) => [i / 150, (i * 7) % 10]);
    const alone: unknown[] = [];
    for (const row of rows) alone.push(await model.score(row));
    const asked = [...rows.slice(0, 70), [1, 2, 3], ...rows.slice(70)].map((row) =>
      model.score(row).catch((error: unknown) => error),
    );
    const answers = await Promise.all(asked);
    expect(isEcapError(answers.splice(70, 1)[0], "ECAP_MODEL_INPUT")).toBe(true);
    expect(answers).toEqual(alone);
    await model.close();
  });

  it("refuses to score when it was closed", async () => {
    const model = await onnxModelRuntime().load(linear());
    await model.close();
    await model.close();
    await expect(model.score([1, 2])).rejects.toMatchObject({ code: "ECAP_STORAGE_CLOSED" });
    await expect(model.scoreBatch([[1, 2]])).rejects.toMatchObject({ code: "ECAP_STORAGE_CLOSED" });
  });

  it("meets any damage of a model file with ECAP_MODEL_INVALID or a model that loads", async () => {
    const bytes = tree({ labels: [0, 1], zipMap: true });
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const damaged = bytes.slice();
        damaged[at] = value;
        try {
          await (await onnxModelRuntime().load(damaged)).close();
        } catch (error) {
          expect(error).toMatchObject({ code: "ECAP_MODEL_INVALID" });
        }
      }),
      { numRuns: 100 },
    );
  });
});
