import { writeFile } from "node:fs/promises";
import { treesModelTrainer } from "@ecap/adapter-trees";
import type { TrainingBatch } from "@ecap/sdk";
import { type FraudScenario, fraudScenarios, usualFraud } from "@ecap/sdk/simulator";
import { areaUnderCurve, averagePrecision, precisionAt, type Ranked } from "@ecap/sdk/training";
import { steadyFeatureNames } from "../src/fraud-features.ts";
import { baseline, type DecidedPayment, decideSimulated } from "./decide-simulated.ts";

/**
 * Trains the model that comes with the plugin on simulated shops and prints how well it finds the frauds of another. The features are those that
 * decisions saw. Frauds come five times as often in the shops it learns from, so that it sees enough of them, and honest payments weigh as much more, so
 * that its probabilities are those of a usual shop.
 */
const dayMs = 86_400_000;
const opened = Date.UTC(2026, 0, 1);
/** When the windows are full: features reach ninety days back. */
const begin = opened + 90 * dayMs;
const end = begin + 100 * dayMs;
const ordersPerDay = 400;
const learned = ["build-1", "build-2"];
const tested = "build-test";
const moreFraud = 5;
const label = "fraud";
/** With what is known of a customer's payments, and of where the parcel goes. */
const features = [
  ...steadyFeatureNames,
  "customer_since_last",
  "customer_age",
  "customer_paid_90d",
  "payer_shipping_mismatch",
  "card_shipping_mismatch",
];

const batches: TrainingBatch[] = [];
for (const seed of learned) batches.push(await batchOf(seed));
const { bytes } = await treesModelTrainer().train(batches, {
  name: "fraud-baseline",
  version: "3",
  algorithm: { kind: "boosted", trees: 120, depth: 4, learningRate: 0.1, leafWeight: 2, l2: 2 },
  features,
  label,
  classWeights: { negative: moreFraud, positive: 1 },
  // Another shop is the validation.
  validationShare: 0,
  period: { from: new Date(begin).toISOString(), to: new Date(end).toISOString() },
});
await writeFile(baseline, bytes);
process.stdout.write(report(await testedPayments()));

/** Payments of a shop as far as its windows are full. */
async function* paymentsOf(
  seed: string,
  { model, factor }: { readonly model?: URL; readonly factor: number },
): AsyncGenerator<DecidedPayment> {
  const fraud = Object.fromEntries(
    Object.entries(usualFraud).map(([scenario, rate]) => [scenario, rate * factor]),
  );
  const options = { seed, from: opened, to: end, ordersPerDay, fraud };
  for await (const payment of decideSimulated(options, { model }))
    if (payment.at >= begin) yield payment;
}

async function batchOf(seed: string): Promise<TrainingBatch> {
  const columns = new Map([...features, label].map((name) => [name, [] as number[]]));
  let rows = 0;
  for await (const { decision, scenario } of paymentsOf(seed, { factor: moreFraud })) {
    for (const name of features) columns.get(name)?.push(decision.features[name] ?? Number.NaN);
    columns.get(label)?.push(scenario === undefined ? 0 : 1);
    rows += 1;
  }
  return { rows, columns: Object.fromEntries(columns) };
}

interface Tested {
  readonly scenario: FraudScenario | undefined;
  readonly model: number;
  /** Points of the rules beside the model's. */
  readonly rules: number;
}

async function testedPayments(): Promise<readonly Tested[]> {
  const found: Tested[] = [];
  for await (const { decision, scenario } of paymentsOf(tested, { factor: 1, model: baseline })) {
    const rules = decision.reasons.filter(({ code }) => code !== "MODEL_SCORE");
    found.push({
      scenario,
      model: decision.modelScore ?? Number.NaN,
      rules: rules.reduce((sum, { points }) => sum + points, 0),
    });
  }
  return found;
}

function report(payments: readonly Tested[]): string {
  const ranked = (by: "model" | "rules"): readonly Ranked[] =>
    payments.map((each) => ({ score: each[by], positive: each.scenario !== undefined }));
  const frauds = payments.filter(({ scenario }) => scenario !== undefined).length;
  const line = (name: string, of: (cases: readonly Ranked[]) => number): string =>
    `${name.padEnd(28)} ${of(ranked("model")).toFixed(4).padStart(8)} ${of(ranked("rules")).toFixed(4).padStart(8)}\n`;
  const caught = [...fraudScenarios, undefined].map((scenario) => {
    const cases = payments.filter((payment) => payment.scenario === scenario);
    const above = cases.filter(({ model }) => model >= 0.5).length;
    return `  ${(scenario ?? "honest payments").padEnd(20)} ${above} of ${cases.length}\n`;
  });
  return [
    `${bytes.length} bytes; tested on ${payments.length} payments, ${frauds} of them frauds\n\n`,
    `${"".padEnd(28)} ${"model".padStart(8)} ${"rules".padStart(8)}\n`,
    line("area under the ROC curve", areaUnderCurve),
    line("average precision", averagePrecision),
    line("precision at 100", (cases) => precisionAt(100, cases)),
    line(`precision at ${frauds}`, (cases) => precisionAt(frauds, cases)),
    "\nprobability of 0.5 or more, by scenario:\n",
    ...caught,
  ].join("");
}
