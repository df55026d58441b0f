import { parseArgs } from "node:util";
import { defaultOptions } from "../../../packages/plugin-fraud/src/options.ts";
import {
  bestSingleRule,
  byScenario,
  curveOf,
  isPlain,
  leastPrecision,
  type OperatingPoint,
  operatingPoint,
  pointAt,
} from "./figures.ts";
import { judgeShop, type SimulatedShop, warmUpDays } from "./simulated-shop.ts";

/** Not a seed the model or a threshold was built with: those are named build-…. */
const defaultSeed = "report";

/**
 * How the plugin as it comes, its default pack of rules and its model, finds the frauds of a simulated shop: overall, by scenario, at the default
 * thresholds, and beside the best that a rule of one threshold can do.
 */
export async function fraudSimulated(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      seed: { type: "string", default: defaultSeed },
      orders: { type: "string", default: "500" },
      days: { type: "string", default: "120" },
    },
  });
  const ordersPerDay = Number(values.orders);
  const days = Number(values.days);
  if (!(ordersPerDay >= 1 && ordersPerDay <= 10_000 && days >= 1 && days <= 365)) {
    process.stderr.write("--orders wants 1 to 10000 a day, --days 1 to 365\n");
    return 2;
  }
  const report = await measure({ seed: values.seed, ordersPerDay, days });
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : printed(report));
  return 0;
}

export async function measure(shop: SimulatedShop) {
  const begun = performance.now();
  const payments = await judgeShop(shop);
  const frauds = payments.filter(({ scenario }) => scenario !== undefined);
  const best = operatingPoint(payments);
  return {
    ...shop,
    payments: payments.length,
    frauds: frauds.length,
    fraudShare: frauds.length / payments.length,
    /** Frauds with nothing unusual about them, as a first payment has. */
    plainFrauds: frauds.filter(isPlain).length,
    ...curveOf(payments),
    atPrecision: best,
    atThresholds: Object.entries(defaultOptions.thresholds).map(([outcome, score]) => ({
      outcome,
      ...pointAt(score, payments),
    })),
    scenarios: byScenario(payments, defaultOptions.thresholds.review),
    singleRule: bestSingleRule(payments),
    seconds: (performance.now() - begun) / 1_000,
  };
}

type Report = Awaited<ReturnType<typeof measure>>;

function printed(report: Report): string {
  const { payments, frauds, fraudShare, plainFrauds, singleRule, atPrecision } = report;
  return [
    `seed "${report.seed}": ${report.days} days of ${report.ordersPerDay} orders, after ${warmUpDays} in which the windows fill\n`,
    `${payments} payments decided on, ${frauds} frauds (${percent(fraudShare)}), ${plainFrauds} of them with nothing unusual about them\n`,
    `area under the curve ${report.auc.toFixed(4)}, average precision ${report.averagePrecision.toFixed(4)}\n\n`,
    row("by score", ["score", "alerts", "precision", "recall"]),
    ...(atPrecision === undefined
      ? [`no score has precision ${leastPrecision}\n`]
      : [pointRow(`precision ${leastPrecision} or more`, atPrecision)]),
    ...report.atThresholds.map((each) => pointRow(each.outcome, each)),
    "\n",
    row("by scenario, at review", ["payments", "plain", "recall", "alerts", "precision"]),
    ...report.scenarios.map(({ scenario, ...each }) =>
      row(scenario, [
        String(each.payments),
        String(each.plain),
        share(each.recall),
        String(each.alerts),
        share(each.precision),
      ]),
    ),
    "  alerts are counted where their heaviest rule speaks of the scenario, and right where the payment is fraud\n\n",
    singleRule === undefined
      ? `no rule of one threshold has precision ${leastPrecision}\n`
      : `best rule of one threshold on these very payments: ${singleRule.feature} ${singleRule.comparison} ${round(singleRule.value)}, precision ${share(singleRule.precision)}, recall ${share(singleRule.recall)}\n`,
    `${report.seconds.toFixed(0)} s\n`,
  ].join("");
}

function pointRow(name: string, { score, alerts, precision, recall }: OperatingPoint): string {
  return row(name, [String(score), String(alerts), share(precision), share(recall)]);
}

function row(name: string, columns: readonly string[]): string {
  return `${name.padEnd(24)}${columns.map((each) => each.padStart(11)).join("")}\n`;
}

function share(value: number): string {
  return Number.isNaN(value) ? "–" : value.toFixed(3);
}

function percent(value: number): string {
  return `${(value * 100).toFixed(2)} %`;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
