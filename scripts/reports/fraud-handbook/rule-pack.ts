import {
  type BacktestRow,
  type BacktestRuleSet,
  compileRuleSet,
  evaluate,
  type RuleSetDocument,
  rulesThatHold,
} from "@ecap/plugin-fraud";
import { handbookFields } from "./rule-rows.ts";

/** A rule with a place for one number, `$`, and the numbers to choose it from. */
interface Pattern {
  readonly id: string;
  readonly when: string;
  readonly among: readonly number[];
}

const amounts = steps(20, 400, 10);
const shares = [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8];
const times = steps(1.2, 8, 0.2);

/** What an analyst would write over the fifteen features, of the amount, the customer's habits, and the terminal. */
export const patterns: readonly Pattern[] = [
  { id: "large", when: "amount >= $", among: amounts },
  { id: "large-at-night", when: "during_night == 1 and amount >= $", among: amounts },
  { id: "large-at-weekend", when: "during_weekend == 1 and amount >= $", among: amounts },
  {
    id: "large-of-rare-customer",
    when: "customer.count_30d <= 10 and amount >= $",
    among: amounts,
  },
  { id: "above-own-month", when: "amount >= $ * customer.mean_30d", among: times },
  { id: "above-own-week", when: "amount >= $ * customer.mean_7d", among: times },
  {
    id: "above-own-habit",
    when: "customer.count_30d >= 20 and amount >= $ * customer.mean_30d",
    among: times,
  },
  { id: "dearer-day", when: "customer.mean_1d >= $ * customer.mean_30d", among: times },
  { id: "dearer-week", when: "customer.mean_7d >= $ * customer.mean_30d", among: times },
  {
    id: "dearer-day-and-large",
    when: "customer.mean_1d >= 2 * customer.mean_30d and amount >= $",
    among: amounts,
  },
  { id: "many-a-day", when: "customer.count_1d >= $", among: steps(2, 14, 1) },
  { id: "busier-day", when: "customer.count_1d >= $ * customer.count_7d / 7", among: times },
  { id: "terminal-day", when: "terminal.fraud_1d > $", among: shares },
  { id: "terminal-week", when: "terminal.fraud_7d > $", among: shares },
  { id: "terminal-month", when: "terminal.fraud_30d > $", among: shares },
  {
    id: "terminal-day-and-week",
    when: "terminal.fraud_1d > 0 and terminal.fraud_7d > $",
    among: shares,
  },
  {
    id: "terminal-worse",
    when: "terminal.fraud_7d > 0 and terminal.fraud_7d >= $ * terminal.fraud_30d",
    among: times,
  },
  {
    id: "terminal-well-known",
    when: "terminal.count_7d >= 5 and terminal.fraud_7d > $",
    among: shares,
  },
  {
    id: "large-at-bad-terminal",
    when: "terminal.fraud_30d > 0.05 and amount >= $",
    among: amounts,
  },
  {
    id: "above-own-at-bad-terminal",
    when: "terminal.fraud_30d > 0.05 and amount >= $ * customer.mean_30d",
    among: times,
  },
];

/** The same with what a model says, in three steps. */
export const patternsWithModel: readonly Pattern[] = [
  ...patterns,
  { id: "model-unsure", when: "model.score >= $", among: steps(0.02, 0.2, 0.02) },
  { id: "model-likely", when: "model.score >= $", among: steps(0.25, 0.5, 0.05) },
  { id: "model-certain", when: "model.score >= $", among: steps(0.6, 0.95, 0.05) },
];

/**
 * A rule set of the patterns, of these payments: of each pattern the number that tells most of fraud (information gain); as points half the per
 * cent of frauds among what it held for, so that two rules that are certain make 100; and review from the score on that finds most frauds for what it stops (largest F1).
 */
export function choosePack(
  name: string,
  rows: readonly BacktestRow[],
  among: readonly Pattern[],
): RuleSetDocument {
  const rules = among.map((pattern) => {
    const { id, when, held } = mostTelling(pattern, rows);
    const points = Math.round((50 * held.frauds) / Math.max(1, held.frauds + held.honest));
    return { id, when, points, code: id.toUpperCase().replaceAll("-", "_") };
  });
  const review = bestReview({ name, rules }, rows);
  const thresholds = { challenge: Math.round(review / 2), review, decline: Math.max(review, 90) };
  return { name, thresholds, rules };
}

/** The least score of what is to be reviewed, by F1. */
function bestReview(document: RuleSetDocument, rows: readonly BacktestRow[]): number {
  const set = compilePack(document);
  const anyThresholds = { challenge: 0, review: 0, decline: 0 };
  const all = { frauds: 0, honest: 0 };
  const scored = rows.map(({ facts, fraud }) => {
    all[kindOf(fraud)] += 1;
    const { score } = evaluate(set, facts, { thresholds: anyThresholds });
    return { score, kind: kindOf(fraud) };
  });
  const tried = steps(10, 100, 1).map((review) => {
    const held = { frauds: 0, honest: 0 };
    for (const { score, kind } of scored) if (score >= review) held[kind] += 1;
    return { review, f1: f1Of({ held, others: lessOf(all, held) }) };
  });
  return tried.reduce((a, b) => (b.f1 > a.f1 ? b : a)).review;
}

/** The rule by itself that finds most frauds for what it stops (largest F1). */
export function chooseSingle(rows: readonly BacktestRow[]): RuleSetDocument {
  const best = patterns
    .flatMap((pattern) => outcomesOf(pattern, rows))
    .reduce((a, b) => (f1Of(b) > f1Of(a) ? b : a));
  const rule = { id: best.id, when: best.when, code: "SINGLE", outcome: "review" } as const;
  return { name: "single", rules: [rule] };
}

export function compilePack(document: RuleSetDocument): BacktestRuleSet {
  const compiled = compileRuleSet(document, [], () => ({ has: () => false }), handbookFields);
  return { ...compiled, label: document.name };
}

interface Tried {
  readonly id: string;
  readonly when: string;
  /** Payments it held for, and those it did not, by whether they were fraud. */
  readonly held: Counts;
  readonly others: Counts;
}

interface Counts {
  readonly frauds: number;
  readonly honest: number;
}

function mostTelling(pattern: Pattern, rows: readonly BacktestRow[]): Tried {
  return outcomesOf(pattern, rows).reduce((a, b) => (gainOf(b) > gainOf(a) ? b : a));
}

/** What a pattern finds with each of its numbers. */
function outcomesOf({ id, when, among }: Pattern, rows: readonly BacktestRow[]): readonly Tried[] {
  const tried = among.map((number) => when.replace("$", String(number)));
  const set = compilePack({
    name: "tried",
    rules: tried.map((each, i) => ({ id: `n${i}`, when: each, code: "R" })),
  });
  const held = new Map(set.rules.map((rule) => [rule.id, { frauds: 0, honest: 0 }]));
  const all = { frauds: 0, honest: 0 };
  for (const { facts, fraud } of rows) {
    const kind = kindOf(fraud);
    all[kind] += 1;
    for (const rule of rulesThatHold(set, facts)) {
      const counts = held.get(rule.id);
      if (counts !== undefined) counts[kind] += 1;
    }
  }
  return tried.map((each, i) => {
    const counts = held.get(`n${i}`) ?? { frauds: 0, honest: 0 };
    return { id, when: each, held: counts, others: lessOf(all, counts) };
  });
}

/** How much less uncertain fraud is where it is known whether the rule holds, up to a constant. */
function gainOf({ held, others }: Tried): number {
  return -surpriseOf(held) - surpriseOf(others);
}

function surpriseOf({ frauds, honest }: Counts): number {
  const part = (count: number): number =>
    count === 0 ? 0 : -count * Math.log(count / (frauds + honest));
  return part(frauds) + part(honest);
}

function f1Of({ held, others }: Pick<Tried, "held" | "others">): number {
  return (2 * held.frauds) / (2 * held.frauds + held.honest + others.frauds);
}

function kindOf(fraud: boolean | undefined): keyof Counts {
  return fraud === true ? "frauds" : "honest";
}

function lessOf(all: Counts, some: Counts): Counts {
  return { frauds: all.frauds - some.frauds, honest: all.honest - some.honest };
}

function steps(from: number, to: number, by: number): readonly number[] {
  const count = Math.round((to - from) / by) + 1;
  return Array.from({ length: count }, (_, i) => Number((from + i * by).toFixed(6)));
}
