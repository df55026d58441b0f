import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { type Outcome, outcomes } from "../../contract.ts";
import type { CompiledRuleSet } from "../compile-rule-set.ts";
import { evaluate, type Ruling, type Silenced, type Thresholds } from "../evaluate.ts";
import type { Facts } from "../language/index.ts";
import type { BacktestRow } from "./backtest-row.ts";
import { type Confusion, createTally, type RuleFigures, type RuleOverlap } from "./tally.ts";

/** A rule set to run, under the name that the rows' hashes know it by. */
export type BacktestRuleSet = CompiledRuleSet & { readonly label: string };

export interface BacktestOptions {
  readonly candidate: BacktestRuleSet;
  /** What it is compared with. */
  readonly active: BacktestRuleSet;
  /** Where a rule set has none of its own. */
  readonly thresholds: Thresholds;
  /** Which rules are silent for a payment. */
  readonly silencedFor?: (facts: Facts) => Silenced;
  readonly signal?: AbortSignal;
  /** Told every few hundred rows. */
  readonly progress?: (rows: number) => void;
}

export interface BacktestReport {
  readonly candidate: string;
  readonly active: string;
  readonly rows: number;
  /** Rows of which something was heard. */
  readonly labelled: number;
  readonly frauds: number;
  readonly amount: number;
  /** Of the candidate: a payment is stopped by review or decline. */
  readonly figures: Confusion;
  readonly activeFigures: Confusion;
  /** Rules of the candidate in the order of the rule set. */
  readonly rules: readonly RuleFigures[];
  /** Pairs of rules that held together, most often first. */
  readonly overlaps: readonly RuleOverlap[];
  /** Payments on which the two differ, by what the active and the candidate say. */
  readonly changes: ReadonlyArray<{
    readonly active: Outcome;
    readonly candidate: Outcome;
    readonly payments: number;
    readonly frauds: number;
    readonly amount: number;
    /** Some of them. */
    readonly examples: readonly string[];
  }>;
  /** Rulings made then by the candidate's version, live or in shadow, and how many of them are the same now. */
  readonly recorded: { readonly compared: number; readonly equal: number };
  /** Of the hashes of all rulings in order: equal for equal backtests. */
  readonly hash: string;
  readonly seconds: number;
}

/** Rows after which other work gets its turn. */
const turn = 256;
const examplesKept = 20;

/** Runs a rule set and the one it is compared with over payments of the past, by the code that decides live. Memory does not grow with the rows. */
export async function backtest(
  rows: AsyncIterable<BacktestRow>,
  { candidate, active, thresholds, silencedFor, signal, progress }: BacktestOptions,
): Promise<BacktestReport> {
  const begun = performance.now();
  const tally = createTally(candidate);
  const activeTally = createTally(active);
  const changes = new Map<string, MutableChange>();
  const digest = createHash("sha256");
  const recorded = { compared: 0, equal: 0 };
  let count = 0;
  for await (const row of rows) {
    const silenced = silencedFor?.(row.facts);
    const options = { thresholds, ...(silenced && { silenced }) };
    const ruling = evaluate(candidate, row.facts, options);
    const before = active === candidate ? ruling : evaluate(active, row.facts, options);
    tally.add(row, ruling);
    activeTally.add(row, before);
    if (ruling.outcome !== before.outcome) addChange(changes, row, before, ruling);
    const then = row.hashes?.[candidate.label];
    if (then !== undefined) {
      recorded.compared += 1;
      if (then === ruling.hash) recorded.equal += 1;
    }
    digest.update(ruling.hash);
    count += 1;
    if (count % turn !== 0) continue;
    signal?.throwIfAborted();
    progress?.(count);
    await setImmediate();
  }
  return {
    candidate: candidate.label,
    active: active.label,
    rows: count,
    ...tally.totals(),
    figures: tally.confusion(),
    activeFigures: activeTally.confusion(),
    rules: tally.rules(),
    overlaps: tally.overlaps(),
    changes: [...changes.values()].toSorted((a, b) => b.payments - a.payments),
    recorded,
    hash: digest.digest("hex").slice(0, 32),
    seconds: (performance.now() - begun) / 1_000,
  };
}

interface MutableChange {
  readonly active: Outcome;
  readonly candidate: Outcome;
  payments: number;
  frauds: number;
  amount: number;
  readonly examples: string[];
}

function addChange(
  changes: Map<string, MutableChange>,
  { id, amount, fraud }: BacktestRow,
  before: Ruling,
  after: Ruling,
): void {
  const key = `${outcomes.indexOf(before.outcome)}>${outcomes.indexOf(after.outcome)}`;
  const change = changes.get(key) ?? {
    active: before.outcome,
    candidate: after.outcome,
    payments: 0,
    frauds: 0,
    amount: 0,
    examples: [],
  };
  changes.set(key, change);
  change.payments += 1;
  change.frauds += fraud === true ? 1 : 0;
  change.amount += amount;
  if (change.examples.length < examplesKept) change.examples.push(id);
}
