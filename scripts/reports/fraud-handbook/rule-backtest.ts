import { type BacktestReport, backtest, type Confusion } from "@ecap/plugin-fraud";
import type { HandbookRow } from "@ecap/plugin-fraud/handbook";
import { choosePack, chooseSingle, compilePack, patterns, patternsWithModel } from "./rule-pack.ts";
import { backtestRows } from "./rule-rows.ts";

/** Payments with what a model that has not learned from them says of each. */
export interface ScoredRows {
  readonly rows: readonly HandbookRow[];
  readonly scores: readonly number[];
}

/** Backtests of one test week: twenty rules beside the best single one, and rules that ask a model too beside the twenty. */
export interface RuleBacktests {
  readonly rules: BacktestReport;
  readonly withModel: BacktestReport;
  /** The rule sets, by the names the backtests know them by. */
  readonly packs: Readonly<Record<string, unknown>>;
}

const noThresholds = { challenge: 30, review: 50, decline: 80 } as const;

/** Chooses rules on earlier weeks and runs them over the test week by the code that backtests rule sets over recorded decisions. */
export async function backtestRules(
  earlier: readonly ScoredRows[],
  test: ScoredRows,
): Promise<RuleBacktests> {
  const before = earlier.flatMap(({ rows, scores }) => backtestRows(rows, scores));
  const week = backtestRows(test.rows, test.scores);
  const packs = {
    single: chooseSingle(before),
    rules: choosePack("rules", before, patterns),
    "with-model": choosePack("with-model", before, patternsWithModel),
  };
  const [single, rules, withModel] = Object.values(packs).map(compilePack);
  if (single === undefined || rules === undefined || withModel === undefined)
    throw new TypeError("a pack is missing");
  const run = (candidate: typeof rules, active: typeof rules) =>
    backtest(stream(week), { candidate, active, thresholds: noThresholds });
  return { packs, rules: await run(rules, single), withModel: await run(withModel, rules) };
}

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** The backtests as text. */
export function printedBacktests({ rules, withModel, packs }: RuleBacktests): string {
  const when = new Map(
    Object.values(packs).flatMap((pack) =>
      (
        pack as { readonly rules: ReadonlyArray<{ readonly id: string; readonly when: string }> }
      ).rules.map((rule) => [rule.id, rule.when] as const),
    ),
  );
  const shownOverlaps = rules.overlaps.toSorted((a, b) => b.share - a.share).slice(0, 10);
  return [
    `rules on the test week: ${rules.rows} payments, ${rules.frauds} frauds, of ${money(rules.amount)}\n\n`,
    row("", [
      "stopped: frauds",
      "honest",
      "passed: frauds",
      "honest",
      "precision",
      "recall",
      "saved",
      "lost",
      "honest stopped",
    ]),
    figures("best single rule", rules.activeFigures),
    figures("twenty rules", rules.figures),
    figures("and the ensemble", withModel.figures),
    "\n",
    row("each of the twenty", [
      "frauds",
      "honest",
      "precision",
      "recall",
      "fraud amount",
      "no other rule",
    ]),
    ...rules.rules.map((rule) =>
      row(rule.rule, [
        String(rule.frauds),
        String(rule.honest),
        share(rule.precision),
        share(rule.recall),
        money(rule.fraudAmount),
        String(rule.alone),
        `  ${when.get(rule.rule) ?? ""}`,
      ]),
    ),
    "\nhold together most: payments both hold for, and their share of those either does\n\n",
    ...shownOverlaps.map(
      ({ rules: [first, second], payments, share: overlap }) =>
        `${`${first} & ${second}`.padEnd(54)}${String(payments).padStart(8)}${share(overlap).padStart(8)}\n`,
    ),
    `\nhashes of all rulings: ${rules.hash} and ${withModel.hash}\n`,
  ].join("");
}

function figures(name: string, of: Confusion): string {
  return row(name, [
    String(of.stoppedFrauds),
    String(of.stoppedHonest),
    String(of.passedFrauds),
    String(of.passedHonest),
    share(of.precision),
    share(of.recall),
    money(of.saved),
    money(of.lost),
    money(of.honestAmountStopped),
  ]);
}

function row(name: string, columns: readonly string[]): string {
  return `${name.padEnd(26)}${columns.map((each) => each.padStart(16)).join("")}`.trimEnd() + "\n";
}

function share(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(3);
}

function money(value: number): string {
  return Math.round(value).toLocaleString("en");
}
