import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LoadedModel, ModelRuntime } from "../ports/model-runtime.ts";

/** Models of known answers, as ONNX bytes. */
export interface ModelFixtures {
  /** float32 [N, 2] → `2a − b + 0.5`; metadata `purpose: contract`. */
  readonly linear: Uint8Array;
  /** float32 [N, 2] → label 0 or 1 and their probabilities: class 1 with 0.9 where the first feature is above 0.5, else with 0.2. Through ZipMap. */
  readonly zipMapTree: Uint8Array;
  /** As `zipMapTree` with the labels "good" and "bad" and no ZipMap. */
  readonly textLabels: Uint8Array;
  /** int64 [N, 2] → float32 [N, 2], the same numbers. */
  readonly wholeNumbers: Uint8Array;
}

/** What every {@link ModelRuntime} does with ONNX models. */
export function modelRuntimeContract(
  name: string,
  make: () => Promise<ModelRuntime>,
  models: ModelFixtures,
): void {
  describe(`ModelRuntime: ${name}`, () => {
    let runtime: ModelRuntime;
    const loaded: LoadedModel[] = [];
    beforeEach(async () => {
      runtime = await make();
    });
    afterEach(async () => {
      for (const model of loaded.splice(0)) await model.close();
    });
    const load = async (...given: Parameters<ModelRuntime["load"]>): Promise<LoadedModel> => {
      const model = await runtime.load(...given);
      loaded.push(model);
      return model;
    };

    it("describes inputs, outputs, metadata, opsets and labels", async () => {
      const { description } = await load(models.linear);
      expect(description.inputs).toEqual([
        { name: expect.any(String), type: "float32", shape: [expect.anything(), 2] },
      ]);
      expect(description.metadata).toEqual({ purpose: "contract" });
      expect(Object.keys(description.opsets)).toContain("ai.onnx");
      expect(description.labels).toBeUndefined();
      expect((await load(models.zipMapTree)).description.labels).toEqual([0, 1]);
      expect((await load(models.textLabels)).description.labels).toEqual(["good", "bad"]);
    });

    it("scores a regression", async () => {
      const model = await load(models.linear);
      const { label, scores } = await model.score([3, 4]);
      expect(label).toBeUndefined();
      expect(scores).toHaveLength(1);
      expect(scores[0]).toBeCloseTo(2.5, 5);
    });

    it("gives label and probabilities, also of a model that ends in ZipMap", async () => {
      for (const [bytes, labels] of [
        [models.zipMapTree, [0, 1]],
        [models.textLabels, ["good", "bad"]],
      ] as const) {
        const model = await load(bytes);
        const risky = await model.score([0.9, 0]);
        expect(risky.label).toBe(labels[1]);
        expect(risky.scores[0]).toBeCloseTo(0.1, 5);
        expect(risky.scores[1]).toBeCloseTo(0.9, 5);
        const safe = await model.score([0.1, 0]);
        expect(safe.label).toBe(labels[0]);
        expect(safe.scores[1]).toBeCloseTo(0.2, 5);
      }
    });

    it("converts to the types of the model, and its 64-bit integers to numbers", async () => {
      const model = await load(models.wholeNumbers);
      expect((await model.score([7, -9])).scores).toEqual([7, -9]);
      await expect(model.score([0.5, 1])).rejects.toMatchObject({ code: "ECAP_MODEL_INPUT" });
      expect(() => JSON.stringify(model.description)).not.toThrow();
    });

    it("keeps concurrent scorings apart", async () => {
      const model = await load(models.linear);
      const results = await Promise.all(Array.from({ length: 100 }, (_, i) => model.score([i, 0])));
      results.forEach(({ scores }, i) => {
        expect(scores[0]).toBeCloseTo(2 * i + 0.5, 3);
      });
    });

    it("scores a batch as it scores each row, in order, and leaves the event loop free", async () => {
      const model = await load(models.zipMapTree);
      const rows = Array.from({ length: 2_000 }, (_, i) => [(i * 7919) % 2 === 0 ? 0.1 : 0.9, i]);
      const batch = await model.scoreBatch(rows);
      expect(batch).toHaveLength(rows.length);
      for (const i of [0, 1, 2, 999, 1_999]) {
        expect(batch[i]).toEqual(await model.score(rows[i] ?? []));
      }
      expect(await model.scoreBatch([])).toEqual([]);
    });

    it("refuses features that do not fit", async () => {
      const misfit = { code: "ECAP_MODEL_INPUT" };
      const model = await load(models.linear);
      await expect(model.score([1])).rejects.toMatchObject(misfit);
      await expect(model.score([1, 2, 3])).rejects.toMatchObject(misfit);
      await expect(model.score([1, Number.NaN])).rejects.toMatchObject(misfit);
      await expect(model.score([1, Number.POSITIVE_INFINITY])).rejects.toMatchObject(misfit);
      await expect(model.scoreBatch([[1, 2], [1]])).rejects.toMatchObject(misfit);
      await expect(model.scoreBatch([[1, Number.NaN]])).rejects.toMatchObject(misfit);
      expect((await model.score([1, 1])).scores[0]).toBeCloseTo(1.5, 5);
    });

    it("passes a missing feature on where it is told to", async () => {
      const model = await load(models.linear, { missing: "pass" });
      expect((await model.score([Number.NaN, 1])).scores).toEqual([Number.NaN]);
      await expect(model.score([Number.POSITIVE_INFINITY, 1])).rejects.toMatchObject({
        code: "ECAP_MODEL_INPUT",
      });
    });

    it("refuses bytes that are no usable model", async () => {
      const invalid = { code: "ECAP_MODEL_INVALID" };
      const junk = Uint8Array.from({ length: 300 }, (_, i) => (i * 37 + 11) % 256);
      await expect(runtime.load(new Uint8Array())).rejects.toMatchObject(invalid);
      await expect(runtime.load(junk)).rejects.toMatchObject(invalid);
      await expect(runtime.load(new TextEncoder().encode("{}"))).rejects.toMatchObject(invalid);
      for (const part of [0.3, 0.6, 0.9]) {
        const cut = models.linear.slice(0, Math.floor(models.linear.length * part));
        await expect(runtime.load(cut)).rejects.toMatchObject(invalid);
      }
    });
  });
}
