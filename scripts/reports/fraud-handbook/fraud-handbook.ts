import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type HandbookSplit, handbookSplit, publishedSplit } from "@ecap/plugin-fraud/handbook";
import { choose, combined } from "./choose.ts";
import { chooseTrees, lightgbmModel } from "./lightgbm.ts";
import { type Figures, figuresOf, type Kind, kinds, scoresOf, trainModel } from "./models.ts";
import { backtestRules, printedBacktests, type RuleBacktests } from "./rule-backtest.ts";

const folder = fileURLToPath(new URL("../../../../shared/data/fraud_handbook", import.meta.url));
const weekMs = 7 * 86_400_000;

/** Best of each column of what is published for the split, by several models. */
const published: Figures = { auc: 0.871, averagePrecision: 0.658, cardPrecision: 0.291 };

interface Row {
  readonly model: string;
  /** One for each seed. */
  readonly runs: readonly Figures[];
  /** Seconds of training a seed, the mean. */
  readonly seconds: number;
}

/**
 * The Fraud Detection Handbook's published split (Le Borgne et al., 2022), with features of our feature store replayed in order of arrival, models
 * trained in the platform and one of LightGBM brought as ONNX, and rules backtested on the same week; everything chosen on earlier weeks.
 */
export async function fraudHandbook(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean", default: false }, seeds: { type: "string", default: "5" } },
  });
  const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1);
  if (seeds.length === 0 || seeds.length > 100) {
    process.stderr.write("--seeds wants a number from 1 to 100\n");
    return 2;
  }
  if (!existsSync(folder)) {
    process.stderr.write(`the data is not there: ${folder}\n`);
    return 1;
  }
  const begun = performance.now();
  const earlier: HandbookSplit[] = [];
  for (const weeks of [3, 2])
    earlier.push(
      await handbookSplit(folder, {
        ...publishedSplit,
        trainFrom: publishedSplit.trainFrom - weeks * weekMs,
      }),
    );
  const split = await handbookSplit(folder);
  const featureSeconds = (performance.now() - begun) / 1_000;
  const { algorithms, ensemble, scores } = await choose(earlier, say);
  const trees = await chooseTrees(earlier, say);
  const judged = await judge(split, algorithms, { ensemble, trees, seeds });
  const rules = await backtestRules(
    earlier.map(({ test }, i) => ({ rows: test, scores: scores[i] ?? [] })),
    { rows: split.test, scores: judged.scores },
  );
  const report = {
    train: counts(split.train),
    test: counts(split.test),
    algorithms,
    ensemble: ensemble.combination,
    ...(trees !== undefined && { lightgbmTrees: trees }),
    models: judged.models,
    published,
    rules,
    featureSeconds,
    seconds: (performance.now() - begun) / 1_000,
  };
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : printed(report));
  return 0;
}

async function judge(
  { train, test }: HandbookSplit,
  algorithms: Awaited<ReturnType<typeof choose>>["algorithms"],
  {
    ensemble,
    trees,
    seeds,
  }: {
    readonly ensemble: Awaited<ReturnType<typeof choose>>["ensemble"];
    /** Of LightGBM; undefined where it is not there. */
    readonly trees: number | undefined;
    readonly seeds: readonly number[];
  },
): Promise<{
  readonly models: readonly Row[];
  /** What the ensemble of the first seed said of the test. */
  readonly scores: readonly number[];
}> {
  const names = Object.keys(kinds) as Kind[];
  const runs = new Map<string, Figures[]>();
  const seconds = new Map<string, number>();
  let ofFirst: readonly number[] | undefined;
  const add = (model: string, scores: readonly number[], took: number): void => {
    runs.set(model, [...(runs.get(model) ?? []), figuresOf(scores, test)]);
    seconds.set(model, (seconds.get(model) ?? 0) + took / seeds.length);
  };
  for (const seed of seeds) {
    say(`seed ${seed}`);
    const members: Array<readonly number[]> = [];
    for (const kind of names) {
      const begun = performance.now();
      const bytes = await trainModel(algorithms[kind], train, seed);
      const took = (performance.now() - begun) / 1_000;
      const scores = await scoresOf(bytes, test);
      members.push(scores);
      add(kind, scores, took);
    }
    const together = combined(ensemble, members);
    ofFirst ??= together;
    add("ensemble", together, 0);
    const brought = trees === undefined ? undefined : await lightgbmModel(train, { trees, seed });
    if (brought === undefined) continue;
    add("LightGBM as ONNX", await scoresOf(brought.bytes, test), brought.seconds);
  }
  const models = [...runs].map(([model, own]) => ({
    model,
    runs: own,
    seconds: seconds.get(model) ?? 0,
  }));
  return { models, scores: ofFirst ?? [] };
}

function counts(rows: HandbookSplit["train"]) {
  return { rows: rows.length, frauds: rows.filter(({ fraud }) => fraud === 1).length };
}

function printed({
  train,
  test,
  models,
  rules,
  featureSeconds,
  seconds,
}: {
  readonly train: ReturnType<typeof counts>;
  readonly test: ReturnType<typeof counts>;
  readonly models: readonly Row[];
  readonly rules: RuleBacktests;
  readonly featureSeconds: number;
  readonly seconds: number;
}): string {
  return [
    `train ${train.rows} payments, ${train.frauds} frauds; test ${test.rows}, ${test.frauds}\n`,
    `median of ${models[0]?.runs.length ?? 0} seeds (least to most)\n\n`,
    line("", ["AUC", "average precision", "card precision@100", "training (s)"]),
    ...models.map(({ model, runs, seconds: took }) =>
      line(model, [
        spread(runs.map(({ auc }) => auc)),
        spread(runs.map(({ averagePrecision }) => averagePrecision)),
        spread(runs.map(({ cardPrecision }) => cardPrecision)),
        took === 0 ? "" : took.toFixed(1),
      ]),
    ),
    line(
      "published, best of",
      [published.auc, published.averagePrecision, published.cardPrecision].map((each) =>
        each.toFixed(3),
      ),
    ),
    `\n${printedBacktests(rules)}`,
    `\nfeatures of three splits in ${featureSeconds.toFixed(0)} s, everything in ${seconds.toFixed(0)} s\n`,
  ].join("");
}

function line(name: string, columns: readonly string[]): string {
  return `${name.padEnd(18)}${columns.map((each) => each.padStart(24)).join("")}\n`;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? sorted[0] ?? 0)) / 2;
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  return `${median.toFixed(4)} (${least.toFixed(3)}–${most.toFixed(3)})`;
}
