import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onnxModelRuntime } from "../src/index.ts";

interface Expected {
  readonly rows: number[][];
  readonly labels: Array<string | number> | null;
  readonly classes: Array<string | number> | null;
  readonly scores: number[][];
}

/** A Python with scikit-learn and skl2onnx, as in `python3 -m venv v && v/bin/pip install scikit-learn skl2onnx`. */
const python = process.env["ECAP_PYTHON"] ?? "python3";
const script = fileURLToPath(new URL("./fixtures/export_models.py", import.meta.url));
const available = spawnSync(python, ["-c", "import skl2onnx, sklearn"]).status === 0;

describe.skipIf(!available && process.env["CI"] !== "true")(
  "models of scikit-learn, exported with skl2onnx's defaults",
  () => {
    const dir = mkdtempSync(join(tmpdir(), "ecap-sklearn-"));
    let expected: Record<string, Expected> = {};
    beforeAll(() => {
      const { status, stderr } = spawnSync(python, [script, dir]);
      expect(status, String(stderr)).toBe(0);
      expected = JSON.parse(readFileSync(join(dir, "expected.json"), "utf8"));
    }, 120_000);
    afterAll(() => rmSync(dir, { recursive: true, force: true }));

    it.each(["forest", "logistic_text", "forest_three", "boosting"])(
      "scores %s as scikit-learn does",
      async (name) => {
        const { rows, labels, classes, scores } = expected[name] ?? {
          rows: [],
          labels: null,
          classes: null,
          scores: [],
        };
        const model = await onnxModelRuntime().load(readFileSync(join(dir, `${name}.onnx`)));
        expect(model.description.labels ?? null).toEqual(classes);
        expect(model.description.producer).toContain("skl2onnx");
        const batch = await model.scoreBatch(rows);
        expect(batch).toHaveLength(50);
        for (const [i, result] of batch.entries()) {
          const alone = await model.score(rows[i] ?? []);
          expect(alone.label).toBe(result.label);
          if (labels !== null) expect(result.label).toBe(labels[i]);
          scores[i]?.forEach((score, column) => {
            const tolerance = Math.max(1e-5, Math.abs(score) * 1e-5);
            expect(Math.abs((result.scores[column] ?? Number.NaN) - score)).toBeLessThan(tolerance);
          });
        }
        await model.close();
      },
    );
  },
);
