import { writeFile } from "node:fs/promises";
import { onnxModelRuntime } from "@ecap/adapter-onnx";
import { treesModelTrainer } from "@ecap/adapter-trees";
import { manualClock, memory } from "@ecap/sdk/memory";
import { type FraudScenario, fraudScenarios } from "@ecap/sdk/simulator";
import { areaUnderCurve, averagePrecision, precisionAt, type Ranked } from "@ecap/sdk/training";
import { fraudFeatures, steadyFeatureNames } from "../src/fraud-features.ts";
import { defaultOptions } from "../src/options.ts";
import { compileRuleSet } from "../src/rules/compile-rule-set.ts";
import { defaultPack, standardLists } from "../src/rules/default-pack.ts";
import { evaluate } from "../src/rules/evaluate.ts";
import { factsOf } from "../src/rules/fields.ts";
import { type SimulatedPayment, simulatedPayments } from "./simulated-payments.ts";

/**
 * Trains the model that comes with the plugin on a simulated shop and prints how well it finds the frauds of a later period. The features are the
 * plugin's own, made in order of arrival as online; and between training and test lie the days after which every label of the training period is known.
 */
const dayMs = 86_400_000;
const from = Date.UTC(2026, 0, 1);
const trainedDays = 110;
const labelDelayDays = 40;
const testedDays = 50;
const label = "fraud";

interface Example extends SimulatedPayment {
  readonly row: readonly number[];
  readonly points: number;
}

const rules = compileRuleSet(defaultPack(defaultOptions.modelPoints), standardLists, () => ({
  has: () => false,
}));
const examples = await readExamples();
const trained = examples.filter(({ at }) => at < from + trainedDays * dayMs);
const tested = examples.filter(({ at }) => at >= from + (trainedDays + labelDelayDays) * dayMs);
const { bytes } = await treesModelTrainer().train([batchOf(trained)], {
  name: "fraud-baseline",
  version: "2",
  algorithm: { kind: "boosted", trees: 60, depth: 3, learningRate: 0.15, leafWeight: 2, l2: 2 },
  features: steadyFeatureNames,
  label,
  // The days that follow are the validation.
  validationShare: 0,
  period: {
    from: new Date(from).toISOString(),
    to: new Date(from + trainedDays * dayMs).toISOString(),
  },
});
await writeFile(new URL("../models/baseline.onnx", import.meta.url), bytes);
process.stdout.write(report(await scoresOf(tested), bytes.length));

function batchOf(rows: readonly Example[]) {
  const features = steadyFeatureNames.map((name, i) => [
    name,
    Float32Array.from(rows, ({ row }) => row[i] ?? Number.NaN),
  ]);
  const frauds = Uint8Array.from(rows, ({ scenario }) => (scenario === undefined ? 0 : 1));
  return { rows: rows.length, columns: { ...Object.fromEntries(features), [label]: frauds } };
}

/** As the file is served. */
async function scoresOf(rows: readonly Example[]): Promise<readonly number[]> {
  const model = await onnxModelRuntime().load(bytes, { missing: "pass" });
  const scored = await model.scoreBatch(rows.map(({ row }) => row));
  await model.close();
  return scored.map(({ scores }) => scores.at(-1) ?? Number.NaN);
}

async function readExamples(): Promise<Example[]> {
  const clock = manualClock(from);
  const { stateStore } = memory({ clock });
  const found: Example[] = [];
  const payments = simulatedPayments({
    seed: "fraud-baseline",
    from,
    to: from + (trainedDays + labelDelayDays + testedDays) * dayMs,
    openedAt: from - 365 * dayMs,
    ordersPerDay: 300,
    catalogue: false,
    fraud: Object.fromEntries(fraudScenarios.map((scenario) => [scenario, 1])),
  });
  for (const payment of payments) {
    const { transaction, at } = payment;
    clock.set(Math.max(at, clock.now()));
    const features = await fraudFeatures.contribute(stateStore, {
      tenant: "default",
      id: transaction.id,
      at: transaction.time,
      subject: transaction,
    });
    found.push({
      ...payment,
      row: steadyFeatureNames.map((name) => features[name] ?? 0),
      points: evaluate(rules, factsOf({ transaction, features, decidedAt: at }), defaultOptions)
        .score,
    });
  }
  return found;
}

function report(scores: readonly number[], size: number): string {
  const byModel = tested.map((example, i) => ranked(example, scores[i] ?? 0));
  const byRules = tested.map((example) => ranked(example, example.points));
  const frauds = byModel.filter(({ positive }) => positive).length;
  const line = (name: string, of: (cases: readonly Ranked[]) => number): string =>
    `${name.padEnd(28)} ${of(byModel).toFixed(4).padStart(8)} ${of(byRules).toFixed(4).padStart(8)}\n`;
  const caught = fraudScenarios.map((scenario) => {
    const cases = byModel.filter((_, index) => tested[index]?.scenario === scenario);
    const above = cases.filter(({ score }) => score >= 0.5).length;
    return `  ${(scenario satisfies FraudScenario).padEnd(20)} ${above} of ${cases.length}\n`;
  });
  const honest = byModel.filter(({ positive }) => !positive);
  const wrong = honest.filter(({ score }) => score >= 0.5).length;
  return [
    `trained on ${trained.length} payments, ${trained.filter(({ scenario }) => scenario !== undefined).length} of them frauds; tested on ${tested.length}, ${frauds} of them frauds\n`,
    `${size} bytes\n\n`,
    `${"".padEnd(28)} ${"model".padStart(8)} ${"rules".padStart(8)}\n`,
    line("area under the ROC curve", areaUnderCurve),
    line("average precision", averagePrecision),
    line("precision at 100", (cases) => precisionAt(100, cases)),
    line(`precision at ${frauds}`, (cases) => precisionAt(frauds, cases)),
    `\nprobability of 0.5 or more, by scenario:\n`,
    ...caught,
    `  ${"honest payments".padEnd(20)} ${wrong} of ${honest.length}\n`,
  ].join("");
}

function ranked({ scenario }: Example, score: number): Ranked {
  return { score, positive: scenario !== undefined };
}
