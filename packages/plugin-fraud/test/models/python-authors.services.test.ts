import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { onnxModelRuntime } from "@ecap/adapter-onnx";
import { createPlatform, type Platform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { createScorer, explainScore } from "@ecap/sdk/models";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fraud, steadyFeatureNames } from "../../src/index.ts";

/** One with scikit-learn, skl2onnx, pandas, LightGBM, XGBoost and onnxmltools; PyTorch is Debian's, since the one of PyPI brings gigabytes of CUDA. */
const python = process.env["ECAP_PYTHON"] ?? "python3";
const torchPython = process.env["ECAP_TORCH_PYTHON"] ?? "/usr/bin/python3";
const authors = [
  ["sklearn", python, "sklearn, skl2onnx, pandas"],
  ["lightgbm", python, "lightgbm, onnxmltools"],
  ["xgboost", python, "xgboost, onnxmltools"],
  ["pytorch", torchPython, "torch"],
] as const;

const exactMethods = {
  sklearn: "linear",
  lightgbm: "trees",
  xgboost: "trees",
  pytorch: "sampled",
} as const;

const docs = readFileSync(new URL("../../../../docs/models.md", import.meta.url), "utf8");
const scripts = new Map(
  [...docs.matchAll(/```python\n# (\S+)\n(.*?)```/gs)].map((match) => [
    match[1] ?? "",
    match[2] ?? "",
  ]),
);

/** Payments whose frauds follow from a few features, and some from nothing. */
function trainingData(rows: number): string {
  let state = 20_260_303;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const lines = Array.from({ length: rows }, () => {
    const values = steadyFeatureNames.map((name) => {
      if (/count|cards|customers|countries|devices|failed/.test(name))
        return Math.floor(-Math.log(1 - next()) * 3);
      if (/mismatch|new|night/.test(name)) return next() < 0.2 ? 1 : 0;
      return Math.round(-Math.log(1 - next()) * 10_000) / 100;
    });
    const [often = 0] = values;
    const amount = values[steadyFeatureNames.indexOf("amount")] ?? 0;
    const odds = -4 + often * 0.5 + amount / 60;
    return [...values, next() < 1 / (1 + Math.exp(-odds)) ? 1 : 0].join(",");
  });
  return [[...steadyFeatureNames, "fraud"].join(","), ...lines].join("\n");
}

describe("models as their authors export them, by the examples of docs/models.md", () => {
  const dir = mkdtempSync(join(tmpdir(), "ecap-authors-"));
  let platform: Platform;
  beforeAll(async () => {
    platform = await createPlatform({
      adapters: embedded({ dir: join(dir, "platform") }),
      plugins: [commerce(), fraud({ modelTimeoutMs: 10_000 })],
    });
    await platform.start();
  });
  afterAll(async () => {
    await platform.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(authors)(
    "%s",
    async (library, interpreter, modules) => {
      const there = spawnSync(interpreter, ["-c", `import ${modules}`]).status === 0;
      if (!there && process.env["CI"] !== "true") {
        console.warn(`skipped: ${interpreter} has not ${modules}`);
        return;
      }
      const own = join(dir, library);
      mkdirSync(own);
      writeFileSync(join(own, "training.csv"), trainingData(3_000));
      writeFileSync(join(own, "ecap_contract.py"), scripts.get("ecap_contract.py") ?? "");
      writeFileSync(join(own, "train.py"), scripts.get(`train_${library}.py`) ?? "");
      const ran = spawnSync(interpreter, ["train.py"], { cwd: own });
      expect(ran.status, String(ran.stderr)).toBe(0);

      const bytes = new Uint8Array(readFileSync(join(own, "model.onnx")));
      const beside = join(own, "contract.json");
      const sideFile: unknown = existsSync(beside)
        ? JSON.parse(readFileSync(beside, "utf8"))
        : undefined;
      const service = platform.service(fraud);
      const { desk } = service.models;
      const [ann, bob] = [
        { tenant: "default", by: "ann" },
        { tenant: "default", by: "bob" },
      ];
      const made = await desk.register(ann, { bytes, sideFile });
      expect(made.golden.rows).toBe(100);
      expect(made.golden.largestDifference).toBeLessThan(1e-5);
      expect(made.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
      expect(Buffer.compare(await desk.bytes("default", made.version), bytes)).toBe(0);

      // One row at a time, as decisions ask.
      const scorer = await createScorer(onnxModelRuntime(), bytes, steadyFeatureNames, sideFile);
      let largest = 0;
      const spread = { least: 1, most: 0 };
      for (const { input, score } of made.contract.golden) {
        const values = Object.fromEntries(
          steadyFeatureNames.map((name, i) => [name, input[i] ?? Number.NaN]),
        );
        largest = Math.max(largest, Math.abs((await scorer.score(values)) - score));
        spread.least = Math.min(spread.least, score);
        spread.most = Math.max(spread.most, score);
      }
      const explained = Object.fromEntries(
        steadyFeatureNames.map((name, i) => [
          name,
          made.contract.golden[3]?.input[i] ?? Number.NaN,
        ]),
      );
      const explanation = await explainScore(scorer, explained);
      expect(explanation.method).toBe(exactMethods[library]);
      const { space } = explanation;
      const sampled = await explainScore(scorer, explained, {
        method: "sampled",
        space,
        orders: 400,
      });
      let furthest = 0;
      for (const { feature, contribution } of explanation.contributions) {
        const other = sampled.contributions.find((each) => each.feature === feature);
        const off = Math.abs((other?.contribution ?? Number.NaN) - contribution);
        furthest = Math.max(furthest, off);
        // Five standard errors, and what single precision adds.
        expect(off).toBeLessThan(
          5 * (other?.error ?? 0) + 0.002 * Math.max(1, Math.abs(explanation.total)),
        );
      }
      const sum = explanation.contributions.reduce(
        (all, each) => all + each.contribution,
        explanation.base,
      );
      expect(sum).toBeCloseTo(explanation.total, 3);
      await scorer.close();
      expect(largest).toBeLessThan(1e-5);
      expect(spread.most - spread.least).toBeGreaterThan(0.3);
      console.info(
        `${library}: ${made.producer}, largest difference ${largest.toExponential(2)}, ${(made.rowMs ?? 0).toFixed(3)} ms a row; contributions by ${explanation.method} and by samples at most ${furthest.toFixed(4)} apart in ${space}`,
      );

      await desk.move(ann, made.version, "shadow");
      await desk.move(bob, made.version, "promote");
      const decision = await service.assess({
        id: `by-${library}`,
        amount: 20,
        customerId: "c",
        cardId: "k",
      });
      expect(decision.degraded).toBeUndefined();
      expect(decision.versions.model).toBe(`${made.contract.name}/${made.version}`);
      expect(decision.modelScore).toBeGreaterThanOrEqual(0);
    },
    180_000,
  );
});
