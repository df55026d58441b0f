import { writeFile } from "node:fs/promises";
import { treesModelTrainer } from "@ecap/adapter-trees";
import type { TrainingBatch } from "@ecap/sdk";
import { usualFraud } from "@ecap/sdk/simulator";
import { steadyFeatureNames } from "../src/fraud-features.ts";
import { baseline, decideSimulated } from "./decide-simulated.ts";

/**
 * Trains the model that comes with the plugin on simulated shops, with the features that decisions saw. Frauds come five times as often as they usually
 * do, so that it sees enough of them, and honest payments weigh as much more, so that its probabilities are those of a usual shop. How well it finds the
 * frauds of another shop says `npm run report -- fraud-simulated`.
 */
const dayMs = 86_400_000;
const opened = Date.UTC(2026, 0, 1);
/** When the windows are full: features reach ninety days back. */
const begin = opened + 90 * dayMs;
const end = begin + 100 * dayMs;
const ordersPerDay = 400;
const seeds = ["build-1", "build-2"];
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
for (const seed of seeds) batches.push(await batchOf(seed));
const { bytes, report } = await treesModelTrainer().train(batches, {
  name: "fraud-baseline",
  version: "3",
  algorithm: { kind: "boosted", trees: 100, depth: 4, learningRate: 0.1, leafWeight: 0.5, l2: 2 },
  features,
  label,
  classWeights: { negative: moreFraud, positive: 1 },
  // Other shops are the validation.
  validationShare: 0,
  period: { from: new Date(begin).toISOString(), to: new Date(end).toISOString() },
});
await writeFile(baseline, bytes);
process.stdout.write(
  `trained on ${report.rows} payments, ${report.positives} of them frauds: ${bytes.length} bytes\n`,
);

async function batchOf(seed: string): Promise<TrainingBatch> {
  const fraud = Object.fromEntries(
    Object.entries(usualFraud).map(([scenario, rate]) => [scenario, rate * moreFraud]),
  );
  const columns = new Map([...features, label].map((name) => [name, [] as number[]]));
  let rows = 0;
  const shop = { seed, from: opened, to: end, ordersPerDay, fraud };
  for await (const { decision, scenario, at } of decideSimulated(shop, {})) {
    if (at < begin) continue;
    for (const name of features) columns.get(name)?.push(decision.features[name] ?? Number.NaN);
    columns.get(label)?.push(scenario === undefined ? 0 : 1);
    rows += 1;
  }
  return { rows, columns: Object.fromEntries(columns) };
}
