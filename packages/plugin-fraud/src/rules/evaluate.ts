import { hash as digest } from "node:crypto";
import { type Outcome, outcomes } from "../contract.ts";
import type { CompiledRule, CompiledRuleSet } from "./compile-rule-set.ts";
import type { Facts } from "./language/index.ts";

/** Least score of each outcome above approve. */
export interface Thresholds {
  readonly challenge: number;
  readonly review: number;
  readonly decline: number;
}

/** A rule that held. */
export interface Hit {
  readonly rule: string;
  readonly code: string;
  /** What it added to the score. */
  readonly points: number;
  readonly outcome?: Outcome;
}

/** What a rule set says of one payment. */
export interface Ruling {
  readonly outcome: Outcome;
  /** 0 (harmless) to 100. */
  readonly score: number;
  /** Most points first; of equal ones in the order of the rule set. */
  readonly hits: readonly Hit[];
  /** Equal where the rule set, the facts and what came of them are equal: how live, shadow and backtest are compared. */
  readonly hash: string;
}

/** Asks whether a rule is silenced for the payment at hand. */
export type Silenced = (rule: string) => boolean;

/** What rules are evaluated with: one object a decision, so that a decision never sees two versions. */
export interface EvaluateOptions {
  /** Where the rule set does not say. */
  readonly thresholds: Thresholds;
  readonly silenced?: Silenced;
}

/** Every rule that holds and is not silenced. The one loop that live decisions, shadows and backtests run. */
export function rulesThatHold(
  { rules }: CompiledRuleSet,
  facts: Facts,
  silenced?: Silenced,
): readonly CompiledRule[] {
  const held: CompiledRule[] = [];
  for (const rule of rules) if (rule.holds(facts) && silenced?.(rule.id) !== true) held.push(rule);
  return held;
}

/** What the rule set says of the facts. Pure: the same facts, lists and snoozes give the same ruling and the same hash. */
export function evaluate(
  ruleSet: CompiledRuleSet,
  facts: Facts,
  { thresholds, silenced }: EvaluateOptions,
): Ruling {
  const held = rulesThatHold(ruleSet, facts, silenced);
  const hits = held
    .map(
      (rule): Hit => ({
        rule: rule.id,
        code: rule.code,
        points: rule.points(facts),
        ...(rule.outcome !== undefined && { outcome: rule.outcome }),
      }),
    )
    .toSorted((a, b) => b.points - a.points);
  const sum = hits.reduce((total, { points }) => total + points, 0);
  const score = Math.max(0, Math.min(100, sum));
  const outcome = weigh(held, outcomeOf(score, ruleSet.document.thresholds ?? thresholds));
  return { outcome, score, hits, hash: hashOf(ruleSet, facts, outcome, score, hits) };
}

/** What was seen, of each rule that held. Apart from {@link evaluate}, for a backtest needs none of it. */
export function detailsOf(
  ruleSet: CompiledRuleSet,
  facts: Facts,
  hits: readonly Hit[],
): readonly string[] {
  return hits.map(({ rule }) => ruleSet.byId.get(rule)?.detail(facts) ?? "");
}

export function outcomeOf(score: number, { challenge, review, decline }: Thresholds): Outcome {
  if (score >= decline) return "decline";
  if (score >= review) return "review";
  return score >= challenge ? "challenge" : "approve";
}

/** Of the outcomes asked for, those of the highest priority count, and of these the most severe. The score asks with priority 0. */
function weigh(held: readonly CompiledRule[], byScore: Outcome): Outcome {
  let outcome = byScore;
  let highest = 0;
  for (const { outcome: asked, priority } of held) {
    if (asked === undefined || priority < highest) continue;
    if (priority > highest || outcomes.indexOf(asked) > outcomes.indexOf(outcome)) outcome = asked;
    highest = priority;
  }
  return outcome;
}

function hashOf(
  { hash, reads }: CompiledRuleSet,
  facts: Facts,
  outcome: Outcome,
  score: number,
  hits: readonly Hit[],
): string {
  // The time of the decision is no part of it: what lists said as of it shows in the outcome, and a replay may be off by a moment.
  const text = JSON.stringify([
    hash,
    reads.map((slot) => facts[slot]),
    outcome,
    score,
    hits.map(({ rule, points }) => [rule, points]),
  ]);
  return digest("sha256", text, "hex").slice(0, 32);
}
