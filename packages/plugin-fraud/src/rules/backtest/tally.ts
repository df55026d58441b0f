import { type Outcome, outcomes } from "../../contract.ts";
import type { CompiledRuleSet } from "../compile-rule-set.ts";
import type { Ruling } from "../evaluate.ts";
import type { BacktestRow } from "./backtest-row.ts";

/** How a rule set did. Stopped is review or decline; a payment nothing was heard of counts as honest. */
export interface Confusion {
  readonly stoppedFrauds: number;
  readonly stoppedHonest: number;
  readonly passedFrauds: number;
  readonly passedHonest: number;
  /** Frauds among what was stopped; absent where nothing was. */
  readonly precision?: number;
  /** Stopped among the frauds; absent where there were none. */
  readonly recall?: number;
  /** Amounts, currencies not told apart: of frauds stopped, of frauds let through, and of honest payments stopped. */
  readonly saved: number;
  readonly lost: number;
  readonly honestAmountStopped: number;
  readonly byOutcome: Readonly<
    Record<Outcome, { readonly frauds: number; readonly honest: number }>
  >;
}

export interface RuleFigures {
  readonly rule: string;
  readonly frauds: number;
  readonly honest: number;
  readonly precision?: number;
  readonly recall?: number;
  /** Amount of the frauds it held for. */
  readonly fraudAmount: number;
  /** Payments no other rule held for. */
  readonly alone: number;
}

export interface RuleOverlap {
  readonly rules: readonly [string, string];
  readonly payments: number;
  /** Payments both held for by those either held for (Jaccard). */
  readonly share: number;
}

export interface Tally {
  add(row: BacktestRow, ruling: Ruling): void;
  totals(): { readonly labelled: number; readonly frauds: number; readonly amount: number };
  confusion(): Confusion;
  rules(): readonly RuleFigures[];
  overlaps(): readonly RuleOverlap[];
}

const overlapsShown = 100;

interface RuleCounts {
  frauds: number;
  honest: number;
  fraudAmount: number;
  alone: number;
}

/** Counts what a rule set says of payments. Grows with the rules that hold together, not with the payments. */
export function createTally({ rules }: CompiledRuleSet): Tally {
  const byRule = new Map<string, RuleCounts>(
    rules.map(({ id }) => [id, { frauds: 0, honest: 0, fraudAmount: 0, alone: 0 }]),
  );
  const pairs = new Map<string, { readonly rules: readonly [string, string]; payments: number }>();
  const byOutcome = Object.fromEntries(
    outcomes.map((outcome) => [outcome, { frauds: 0, honest: 0 }]),
  ) as Record<Outcome, { frauds: number; honest: number }>;
  const money = { saved: 0, lost: 0, honestStopped: 0, all: 0 };
  let labelled = 0;

  function addRules({ amount, fraud }: BacktestRow, { hits }: Ruling): void {
    for (const { rule } of hits) {
      const counts = byRule.get(rule);
      if (counts === undefined) continue;
      counts[fraud === true ? "frauds" : "honest"] += 1;
      if (fraud === true) counts.fraudAmount += amount;
      if (hits.length === 1) counts.alone += 1;
    }
    if (hits.length < 2) return;
    const held = hits.map(({ rule }) => rule).toSorted();
    held.forEach((first, i) => {
      for (const second of held.slice(i + 1)) {
        const key = `${first} ${second}`;
        const pair = pairs.get(key);
        if (pair === undefined) pairs.set(key, { rules: [first, second], payments: 1 });
        else pair.payments += 1;
      }
    });
  }

  const total = (kind: "frauds" | "honest", among: readonly Outcome[]): number =>
    among.reduce((sum, outcome) => sum + byOutcome[outcome][kind], 0);
  const payments = (rule: string): number => {
    const counts = byRule.get(rule);
    return (counts?.frauds ?? 0) + (counts?.honest ?? 0);
  };

  return {
    add(row, ruling) {
      const { amount, fraud } = row;
      const stopped = isStop(ruling.outcome);
      if (fraud !== undefined) labelled += 1;
      byOutcome[ruling.outcome][fraud === true ? "frauds" : "honest"] += 1;
      money.all += amount;
      if (fraud === true) money[stopped ? "saved" : "lost"] += amount;
      else if (stopped) money.honestStopped += amount;
      addRules(row, ruling);
    },
    totals: () => ({ labelled, frauds: total("frauds", outcomes), amount: money.all }),
    confusion() {
      const stops = outcomes.filter(isStop);
      const passes = outcomes.filter((outcome) => !isStop(outcome));
      const stoppedFrauds = total("frauds", stops);
      const stoppedHonest = total("honest", stops);
      return {
        stoppedFrauds,
        stoppedHonest,
        passedFrauds: total("frauds", passes),
        passedHonest: total("honest", passes),
        ...share("precision", stoppedFrauds, stoppedFrauds + stoppedHonest),
        ...share("recall", stoppedFrauds, total("frauds", outcomes)),
        saved: money.saved,
        lost: money.lost,
        honestAmountStopped: money.honestStopped,
        byOutcome,
      };
    },
    rules() {
      const all = total("frauds", outcomes);
      return [...byRule].map(([rule, { frauds, honest, fraudAmount, alone }]) => ({
        rule,
        frauds,
        honest,
        ...share("precision", frauds, frauds + honest),
        ...share("recall", frauds, all),
        fraudAmount,
        alone,
      }));
    },
    overlaps: () =>
      [...pairs.values()]
        .toSorted((a, b) => b.payments - a.payments)
        .slice(0, overlapsShown)
        .map(({ rules: [first, second], payments: both }) => ({
          rules: [first, second] as const,
          payments: both,
          share: both / (payments(first) + payments(second) - both),
        })),
  };
}

function isStop(outcome: Outcome): boolean {
  return outcome === "review" || outcome === "decline";
}

function share<Name extends string>(
  name: Name,
  part: number,
  whole: number,
): { readonly [K in Name]?: number } {
  return whole === 0 ? {} : ({ [name]: part / whole } as { readonly [K in Name]: number });
}
