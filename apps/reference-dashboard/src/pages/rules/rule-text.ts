import { isMap, isScalar, isSeq, LineCounter, parseDocument, stringify } from "yaml";
import type { RuleProblem } from "../../api/rule-answers.ts";

/** A rule set as the text an analyst edits. */
export function textOf(document: unknown): string {
  return stringify(document, { lineWidth: 0 });
}

/** A problem with where it is in the text; both count from 1. */
export interface PlacedProblem {
  readonly line: number;
  readonly column: number;
  readonly rule?: string;
  readonly part: string;
  readonly message: string;
}

/** Finds where in the text each problem is: the API knows the rule, its member and the place within an expression, but not how the text was written. */
export function placeProblems(
  source: string,
  problems: readonly RuleProblem[],
): readonly PlacedProblem[] {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  return problems
    .map((problem): PlacedProblem => {
      const found = offsetOf(document.contents, problem);
      const { line, col } = lines.linePos(found?.offset ?? 0);
      // Within an expression of one line the place adds up; in one of several lines its line is counted from where the text begins.
      const inLine = problem.line === undefined || problem.line === 1;
      return {
        line: line + (found?.isBlock === true ? 1 : 0) + (problem.line ?? 1) - 1,
        column:
          inLine && found?.isBlock !== true
            ? col + (found?.quote ?? 0) + (problem.column ?? 1) - 1
            : (problem.column ?? 1),
        ...(problem.rule !== undefined && { rule: problem.rule }),
        part: problem.part,
        message: problem.message.replace(/^\d+:\d+: /, ""),
      };
    })
    .toSorted((a, b) => a.line - b.line || a.column - b.column);
}

interface Found {
  readonly offset: number;
  /** Characters before the text begins. */
  readonly quote: number;
  /** Whether its text begins on the next line, after | or >. */
  readonly isBlock: boolean;
}

function offsetOf(contents: unknown, { rule, part }: RuleProblem): Found | undefined {
  // `rules.3.points` names its rule by its place; `when` stands in the rule of the problem.
  const keys = part === "document" ? [] : part.split(".");
  const whole = keys[0] === "rules" && keys.length > 1 ? keys : undefined;
  const from = whole === undefined && rule !== undefined ? ruleNamed(contents, rule) : contents;
  return deepest(from, whole ?? keys);
}

function ruleNamed(contents: unknown, id: string): unknown {
  const rules = isMap(contents) ? contents.get("rules", true) : undefined;
  if (!isSeq(rules)) return contents;
  return rules.items.find((item) => isMap(item) && item.get("id") === id) ?? contents;
}

/** The place of the member, or of the nearest thing around it where it is missing. */
function deepest(node: unknown, keys: readonly string[]): Found | undefined {
  const [key, ...rest] = keys;
  if (key !== undefined) {
    const next = isMap(node)
      ? node.get(key, true)
      : isSeq(node)
        ? node.items[Number(key)]
        : undefined;
    const found = next === undefined ? undefined : deepest(next, rest);
    if (found !== undefined) return found;
  }
  const range = (node as { readonly range?: readonly number[] } | undefined)?.range;
  if (range?.[0] === undefined) return undefined;
  const type = isScalar(node) ? node.type : undefined;
  return {
    offset: range[0],
    quote: type === "QUOTE_DOUBLE" || type === "QUOTE_SINGLE" ? 1 : 0,
    isBlock: type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED",
  };
}

/** What the API says of a text that is no YAML names its place in words. */
export function placeOfRefusal(detail: string): PlacedProblem {
  const [, line = "1", column = "1"] = /at line (\d+), column (\d+)/.exec(detail) ?? [];
  return { line: Number(line), column: Number(column), part: "document", message: detail };
}

/** Where a line and column of a text are, as an index into it. */
export function indexOf(text: string, line: number, column: number): number {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  return Math.min(text.length, before + Math.min(column - 1, lines[line - 1]?.length ?? 0));
}
