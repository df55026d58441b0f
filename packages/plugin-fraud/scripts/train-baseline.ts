import { writeFile } from "node:fs/promises";
import { manualClock, memory } from "@ecap/sdk/memory";
import { histogramOf } from "@ecap/sdk/models";
import { type FraudScenario, fraudScenarios } from "@ecap/sdk/simulator";
import { fraudFeatures, steadyFeatureNames } from "../src/fraud-features.ts";
import { defaultOptions } from "../src/options.ts";
import { compileRuleSet } from "../src/rules/compile-rule-set.ts";
import { defaultPack, standardLists } from "../src/rules/default-pack.ts";
import { evaluate } from "../src/rules/evaluate.ts";
import { factsOf } from "../src/rules/fields.ts";
import { type BoostedTrees, probabilityOf, trainBoostedTrees } from "./boosted-trees.ts";
import { areaUnderCurve, averagePrecision, precisionAt, type Ranked } from "./ranking.ts";
import { type SimulatedPayment, simulatedPayments } from "./simulated-payments.ts";
import { toOnnx } from "./tree-model.ts";

/**
 * Trains the model that comes with the plugin on a simulated shop and prints how well it finds the frauds of a later period. The features are the
 * plugin's own, made in order of arrival as online; and between training and test lie the days after which every label of the training period is known.
 */
const dayMs = 86_400_000;
const from = Date.UTC(2026, 0, 1);
const trainedDays = 110;
const labelDelayDays = 40;
const testedDays = 50;
const version = "1";
const training = { trees: 60, depth: 3, learningRate: 0.15, minRows: 20, regularisation: 2 };

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
const model = trainBoostedTrees(
  trained.map(({ row }) => row),
  trained.map(({ scenario }) => (scenario === undefined ? 0 : 1)),
  training,
);
const onnx = toOnnx(model, {
  name: "fraud-baseline",
  version,
  features: steadyFeatureNames,
  ...described(model),
});
await writeFile(new URL("../models/baseline.onnx", import.meta.url), onnx);
process.stdout.write(report(model, onnx.length));

/** What drift and contributions are measured against, and scores by the trees themselves that ONNX Runtime has to give again. */
function described(trees: BoostedTrees) {
  const scores = trained.map(({ row }) => probabilityOf(trees, row));
  const step = Math.floor(trained.length / 50);
  const chosen = trained.filter((_, i) => i % step === 0).slice(0, 50);
  return {
    training: {
      from: new Date(from).toISOString(),
      to: new Date(from + trainedDays * dayMs).toISOString(),
      rows: trained.length,
    },
    histograms: {
      score: histogramOf(scores),
      features: Object.fromEntries(
        steadyFeatureNames.map((name, i) => [
          name,
          histogramOf(trained.map(({ row }) => row[i] ?? 0)),
        ]),
      ),
    },
    golden: chosen.map(({ row }) => {
      // As a file of single precision is given them.
      const input = row.map(Math.fround);
      return { input, score: probabilityOf(trees, input) };
    }),
  };
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

function report(trees: BoostedTrees, bytes: number): string {
  const byModel = tested.map((example) => ranked(example, probabilityOf(trees, example.row)));
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
    `${trees.trees.length} trees, ${bytes} bytes\n\n`,
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
