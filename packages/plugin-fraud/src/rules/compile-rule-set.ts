import { createHash } from "node:crypto";
import { EcapError } from "@ecap/sdk";
import type { Outcome } from "../contract.ts";
import { compileDetail, readDetail } from "./detail.ts";
import type { RuleScope } from "./field-set.ts";
import { paymentFields } from "./fields.ts";
import {
  type Checked,
  compileNumber,
  compileTest,
  ExpressionError,
  type Facts,
  type Lists,
  type Place,
  readExpression,
  type Scope,
  type Test,
} from "./language/index.ts";
import { type Rule, type RuleSet, ruleSetSchema } from "./rule-set.ts";

/** What is wrong with a rule set. */
export interface RuleProblem {
  /** The rule's id; absent where it is not about one. */
  readonly rule?: string;
  /** The member, as in `when` or `rules.3.points`. */
  readonly part: string;
  /** Place in the expression; absent where it is not about one. */
  readonly place?: Place;
  /** With the place, as in `1:5: there is no "x"`. */
  readonly message: string;
}

export interface CompiledRule {
  readonly id: string;
  readonly code: string;
  readonly outcome: Outcome | undefined;
  readonly priority: number;
  readonly holds: Test;
  readonly points: (facts: Facts) => number;
  readonly detail: (facts: Facts) => string;
}

export interface CompiledRuleSet {
  readonly document: RuleSet;
  /** SHA-256 of its rules and thresholds, the first 16 hexadecimal digits. Two of one hash say the same of the same facts, lists, snoozes and default thresholds. */
  readonly hash: string;
  readonly rules: readonly CompiledRule[];
  readonly byId: ReadonlyMap<string, CompiledRule>;
  /** Positions of the facts that its conditions and points read. */
  readonly reads: readonly number[];
  /** Lists it names. */
  readonly lists: readonly string[];
}

/** The rule set a document is, or all that is wrong with it. Its expressions name `fields`; default: those of payments. */
export function readRuleSet(
  document: unknown,
  lists: Iterable<string>,
  fields: RuleScope = paymentFields,
):
  | { readonly ruleSet: RuleSet; readonly problems: readonly [] }
  | { readonly problems: readonly RuleProblem[] } {
  const parsed = ruleSetSchema.safeParse(document);
  if (!parsed.success)
    return {
      problems: parsed.error.issues.map(({ path, message }) => ({
        ...ruleAt(document, path),
        part: path.join(".") || "document",
        message,
      })),
    };
  const scope = fields.scopeWith(lists);
  const problems = parsed.data.rules.flatMap((rule) => problemsOf(rule, scope));
  return problems.length === 0 ? { ruleSet: parsed.data, problems: [] } : { problems };
}

/** Compiles a rule set over payments, or over other `fields`; ECAP_RULES_INVALID names the rule, the place and what was expected. */
export function compileRuleSet(
  document: unknown,
  listNames: Iterable<string>,
  lists: Lists,
  fields: RuleScope = paymentFields,
): CompiledRuleSet {
  const names = [...listNames];
  const read = readRuleSet(document, names, fields);
  if (!("ruleSet" in read)) throw invalid(read.problems);
  const scope = fields.scopeWith(names);
  const enabled = read.ruleSet.rules.filter((rule) => rule.enabled);
  const asked = enabled.flatMap((rule) => {
    const { when, points, detail } = parts(rule, scope);
    return { decides: [when(), points()], shows: detail() };
  });
  const decides = referencesIn(asked.map((each) => each.decides));
  const shows = referencesIn(asked.map((each) => each.shows));
  const rules = enabled.map((rule) => compileRule(rule, scope, lists));
  return {
    document: read.ruleSet,
    hash: hashOf(read.ruleSet),
    rules,
    byId: new Map(rules.map((rule) => [rule.id, rule])),
    reads: [...decides.slots].toSorted((a, b) => a - b),
    lists: [...new Set([...decides.lists, ...shows.lists])],
  };
}

/** The fields and lists that checked expressions name, however deep. */
function referencesIn(value: unknown): {
  readonly slots: Set<number>;
  readonly lists: Set<string>;
} {
  const slots = new Set<number>();
  const lists = new Set<string>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null) continue;
    const { kind, slot, name } = next as {
      readonly kind?: unknown;
      readonly slot?: unknown;
      readonly name?: unknown;
    };
    if (kind === "field" && typeof slot === "number") slots.add(slot);
    if (kind === "list" && typeof name === "string") lists.add(name);
    open.push(...Object.values(next));
  }
  return { slots, lists };
}

export function invalid(problems: readonly RuleProblem[]): EcapError {
  const [first] = problems;
  const where = [first?.rule && `rule "${first.rule}"`, first?.part].filter(Boolean).join(", ");
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return new EcapError("ECAP_RULES_INVALID", `${where}: ${first?.message ?? "invalid"}${more}`, {
    path: `/${(first?.part ?? "").replaceAll(".", "/")}`,
  });
}

function compileRule(rule: Rule, scope: Scope, lists: Lists): CompiledRule {
  const { id, code, outcome, priority, points } = rule;
  const { when, detail } = parts(rule, scope);
  return {
    id,
    code,
    outcome,
    priority,
    holds: compileTest(when(), true, lists),
    points:
      typeof points === "number"
        ? () => points
        : bounded(compileNumber(readExpression(points, scope, ["number"]), lists)),
    detail: compileDetail(detail(), lists),
  };
}

/** Points that are missing add nothing. */
function bounded(points: (facts: Facts) => number): (facts: Facts) => number {
  return (facts) => {
    const value = points(facts);
    return Number.isNaN(value) ? 0 : Math.max(-100, Math.min(100, value));
  };
}

function parts({ when, points, detail, description, id }: Rule, scope: Scope) {
  return {
    when: (): Checked => readExpression(when, scope, ["truth"]),
    points: () =>
      typeof points === "string" ? readExpression(points, scope, ["number"]) : undefined,
    detail: () => readDetail(detail ?? (description ?? id).replaceAll(/[{}]/g, "$&$&"), scope),
  };
}

function problemsOf(rule: Rule, scope: Scope): readonly RuleProblem[] {
  return Object.entries(parts(rule, scope)).flatMap(([part, read]) => {
    try {
      read();
      return [];
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return [{ rule: rule.id, part, place: error.place, message: error.message }];
    }
  });
}

function ruleAt(document: unknown, path: readonly PropertyKey[]): { readonly rule?: string } {
  const [first, index] = path;
  if (first !== "rules" || typeof index !== "number") return {};
  const { rules } = document as { readonly rules: ReadonlyArray<{ readonly id?: unknown } | null> };
  const id = rules[index]?.id;
  return typeof id === "string" ? { rule: id.slice(0, 64) } : {};
}

function hashOf({ thresholds, rules }: RuleSet): string {
  const text = JSON.stringify([thresholds, rules], (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
