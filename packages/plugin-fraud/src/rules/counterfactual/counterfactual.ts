import { setImmediate } from "node:timers/promises";
import type { Change, Counterfactual } from "../../contract.ts";
import type { CompiledRuleSet } from "../compile-rule-set.ts";
import { evaluate, type Hit, type Ruling, type Silenced, type Thresholds } from "../evaluate.ts";
import type { Facts, Value } from "../language/index.ts";
import { between, candidateValues, distance } from "./candidate-values.ts";

/** A number among the facts that may be another. */
export interface ChangeableNumber {
  readonly field: string;
  /** Where its value is among the facts: one that is there twice changes in both places. */
  readonly slots: readonly number[];
  /** What rules compare it with. */
  readonly breakpoints: readonly number[];
  /** What it is in ordinary cases, as far as is known. */
  readonly usual: readonly number[];
}

export interface CounterfactualQuestion {
  readonly ruleSet: CompiledRuleSet;
  readonly facts: Facts;
  readonly thresholds: Thresholds;
  readonly silenced?: Silenced;
  readonly numbers: readonly ChangeableNumber[];
  /** Asks the model again, many facts at once; `slot` is where its score is. Absent: its score stays. */
  readonly model?:
    | {
        readonly slot: number;
        readonly score: (facts: readonly Facts[]) => Promise<readonly number[]>;
      }
    | undefined;
}

interface Move {
  readonly change: Change;
  readonly number?: ChangeableNumber;
}
interface Trial {
  readonly moves: readonly Move[];
  readonly ruling: Ruling;
  readonly modelScore: number | undefined;
}

/** Counterfactuals given, at most. */
const shown = 3;
/** Moves that are tried with one another. */
const movesPaired = 16;
/** Changes of one counterfactual, at most. */
const changesAtMost = 8;
/** Facts that are tried, at most. */
const trialsAtMost = 5_000;
/** Trials after which other work gets its turn. */
const turn = 256;
/** A rule that would not have held counts as more than two numbers: it says less of what to do. */
const costOfRule = 3;

/**
 * The smallest changes under which the rules would have approved (Wachter, Mittelstadt and Russell, 2017): of one number each where that is enough,
 * else of two, else of more, taken greedily and then made fewer; where no numbers lead there, of rules. Every
 * one given was evaluated by the rules, and where there is a model scored by it. Nothing where the outcome is approve, or where no change leads there.
 */
export async function counterfactuals(
  question: CounterfactualQuestion,
): Promise<readonly Counterfactual[]> {
  const tryAll = trier(question);
  const [base] = await tryAll([[]]);
  if (base === undefined || base.ruling.outcome === "approve") return [];
  const singles = await tryAll(
    question.numbers.flatMap((number) => movesOf(number, question.facts).map((move) => [move])),
  );
  const moves = [...singles, ...(await tryAll(stubbornRules(base, singles)))];
  const found = firstOfEach(moves.filter(approves).toSorted(bySize));
  if (!found.some(({ moves: [move] }) => move?.number !== undefined)) {
    const pairs = await tryAll(pairsOf(moves, base));
    found.push(...pairs.filter(approves));
  }
  if (found.length === 0) found.push(...(await greedily(moves, base, tryAll)));
  if (found.length === 0)
    found.push(...(await greedily(await tryAll(base.ruling.hits.map(notHeld)), base, tryAll)));
  const nearest = withoutNeedless(found.toSorted(bySize)).slice(0, shown);
  const pulled: Trial[] = [];
  for (const trial of nearest) pulled.push(await pullIn(trial, tryAll));
  return pulled.toSorted(bySize).map(({ moves: made, ruling, modelScore }) => ({
    changes: made.map(({ change }) => change),
    score: ruling.score,
    ...(modelScore !== undefined && { modelScore }),
  }));
}

type TryAll = (all: ReadonlyArray<readonly Move[]>) => Promise<readonly Trial[]>;

function trier({ ruleSet, facts, thresholds, silenced, model }: CounterfactualQuestion): TryAll {
  let left = trialsAtMost;
  return async (all) => {
    const tried = all.slice(0, Math.max(0, left));
    left -= tried.length;
    const changed = tried.map((moves) => changedFacts(facts, moves));
    const scores = (await model?.score(changed)) ?? [];
    const trials: Trial[] = [];
    for (const [i, moves] of tried.entries()) {
      const own = changed[i] ?? [];
      const modelScore = scores[i];
      if (model !== undefined && modelScore !== undefined) own[model.slot] = modelScore;
      const without = new Set(moves.flatMap(({ change }) => ("rule" in change ? change.rule : [])));
      const silent: Silenced = (rule) => without.has(rule) || silenced?.(rule) === true;
      const ruling = evaluate(ruleSet, own, { thresholds, silenced: silent });
      trials.push({ moves, ruling, modelScore });
      if (i % turn === turn - 1) await setImmediate();
    }
    return trials;
  };
}

function changedFacts(facts: Facts, moves: readonly Move[]): Value[] {
  const changed = [...facts];
  for (const { change, number } of moves)
    if ("to" in change) for (const slot of number?.slots ?? []) changed[slot] = change.to;
  return changed;
}

function movesOf(number: ChangeableNumber, facts: Facts): readonly Move[] {
  const value = facts[number.slots[0] ?? 0];
  if (typeof value !== "number" || Number.isNaN(value)) return [];
  return candidateValues({ ...number, value }).map((to) => ({
    number,
    change: { field: number.field, from: value, to },
  }));
}

/** Rules that held whatever number was changed, each as one that would not have. */
function stubbornRules(
  { ruling }: Trial,
  singles: readonly Trial[],
): ReadonlyArray<readonly Move[]> {
  const undone = new Set<string>();
  for (const { ruling: other } of singles) {
    const held = new Set(other.hits.map(({ rule }) => rule));
    for (const { rule } of ruling.hits) if (!held.has(rule)) undone.add(rule);
  }
  return ruling.hits.filter(({ rule }) => !undone.has(rule)).map(notHeld);
}

function notHeld({ rule }: Hit): readonly Move[] {
  return [{ change: { rule } }];
}

function pairsOf(moves: readonly Trial[], base: Trial): ReadonlyArray<readonly Move[]> {
  const best = mostHelpful(moves, base).slice(0, movesPaired);
  return best.flatMap(({ moves: first }, i) =>
    best.slice(i + 1).flatMap(({ moves: second }) => together(first, second)),
  );
}

/** The two as one, unless both are of one number. */
function together(first: readonly Move[], second: readonly Move[]): ReadonlyArray<readonly Move[]> {
  const isSame = second.some(
    ({ number }) => number !== undefined && first.some((each) => each.number === number),
  );
  return isSame ? [] : [[...first, ...second]];
}

/** Of each number, or rule, the change that takes most of what speaks against the payment, and of equal ones the nearest. */
function mostHelpful(moves: readonly Trial[], base: Trial): readonly Trial[] {
  const helpful = moves.filter((trial) => weightOf(trial) < weightOf(base));
  return firstOfEach(helpful.toSorted((a, b) => weightOf(a) - weightOf(b) || bySize(a, b)));
}

/** What speaks against the payment; points alone do not tell, as the score ends at 100 and rules ask for outcomes without any. */
function weightOf({ ruling }: Trial): number {
  return ruling.hits.reduce(
    (sum, { points, outcome }) =>
      sum + points + (outcome === undefined || outcome === "approve" ? 0 : 100),
    ruling.outcome === "approve" ? -1_000 : 0,
  );
}

/** Takes the most helpful change, and on top of it the next, until the outcome is approve; then leaves out those that turn out not to be needed. */
async function greedily(
  moves: readonly Trial[],
  base: Trial,
  tryAll: TryAll,
): Promise<readonly Trial[]> {
  const choices = mostHelpful(moves, base);
  let current = base;
  while (!approves(current)) {
    if (current.moves.length >= changesAtMost) return [];
    const next = await tryAll(choices.flatMap((each) => together(current.moves, each.moves)));
    const best = next.toSorted((a, b) => weightOf(a) - weightOf(b) || bySize(a, b))[0];
    if (best === undefined || weightOf(best) >= weightOf(current)) return [];
    current = best;
  }
  for (const move of current.moves) {
    const [without] = await tryAll([current.moves.filter((each) => each !== move)]);
    if (without !== undefined && approves(without)) current = without;
  }
  return [current];
}

/** Brings each number back towards what it was for as long as the outcome is still approve. */
async function pullIn(trial: Trial, tryAll: TryAll): Promise<Trial> {
  let best = trial;
  for (const { number, change } of trial.moves) {
    if (number === undefined || !("to" in change)) continue;
    let { from } = change;
    let { to } = change;
    for (let middle = between(from, to); middle !== undefined; middle = between(from, to)) {
      const made = { number, change: { ...change, to: middle } };
      const [nearer] = await tryAll([
        best.moves.map((each) => (each.number === number ? made : each)),
      ]);
      if (nearer === undefined) return best;
      if (approves(nearer)) {
        best = nearer;
        to = middle;
      } else from = middle;
    }
  }
  return best;
}

/** Without those that change what a smaller one does, and more. */
function withoutNeedless(smallestFirst: readonly Trial[]): readonly Trial[] {
  const kept: Trial[] = [];
  for (const trial of smallestFirst)
    if (!kept.some(({ moves }) => moves.every((move) => trial.moves.includes(move))))
      kept.push(trial);
  return kept;
}

function approves({ ruling }: Trial): boolean {
  return ruling.outcome === "approve";
}

/** The first of each number, or rule. */
function firstOfEach(trials: readonly Trial[]): Trial[] {
  const first = new Map<string, Trial>();
  for (const trial of trials) {
    const [change] = trial.moves.map((move) => move.change);
    const key = change && ("rule" in change ? `rule ${change.rule}` : change.field);
    if (key !== undefined && !first.has(key)) first.set(key, trial);
  }
  return [...first.values()];
}

function bySize(a: Trial, b: Trial): number {
  return sizeOf(a) - sizeOf(b);
}

/** How much is changed: of each number one, and how far it goes. */
function sizeOf({ moves }: Trial): number {
  return moves.reduce(
    (sum, { change }) =>
      sum + ("rule" in change ? costOfRule : 1 + distance(change.from, change.to)),
    0,
  );
}
