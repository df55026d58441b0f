import { type Column, type ColumnType, compareObjectKeys, type RowCondition } from "@ecap/sdk";
import type { FileFacts } from "./file-facts.ts";

type Compare = Extract<RowCondition, { readonly kind: "compare" }>;
type Test = (facts: FileFacts) => boolean;

/**
 * A test whether a file may hold a row for which the condition is true, by what the log says of it. It errs to true.
 * Columns are those the condition may name; one it names otherwise, as of another input, is not looked at.
 */
export function canMatch(condition: RowCondition, columns: readonly Column[], input: string): Test {
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const find = (path: readonly string[]) => {
    const [first = "", second] = path;
    if (path.length > 2 || (second !== undefined && first.toLowerCase() !== input))
      return undefined;
    return byName.get((second ?? first).toLowerCase());
  };

  const test = (part: RowCondition): Test => {
    switch (part.kind) {
      case "and": {
        const tests = part.parts.map(test);
        return (facts) => tests.every((each) => each(facts));
      }
      case "or": {
        const tests = part.parts.map(test);
        return (facts) => tests.some((each) => each(facts));
      }
      case "null":
      case "not-null": {
        const column = find(part.column);
        if (!column) return always;
        return part.kind === "null"
          ? (facts) => facts.column(column.name).holdsNull !== "never"
          : (facts) => facts.column(column.name).holdsNull !== "only";
      }
      case "compare": {
        const column = find(part.column);
        return column ? comparison(part, column) : always;
      }
      case "other":
      default:
        return always;
    }
  };
  return test(condition);
}

const always: Test = () => true;

/** Bounds may be rounded and cut, so a file is left out only where a bound is past the value for sure. */
function comparison({ operator, value }: Compare, column: Column): Test {
  const order = orders(column.type, value);
  return (facts) => {
    const known = facts.column(column.name);
    if (known.holdsNull === "only") return false;
    if (!order) return true;
    const isAbove = known.min !== undefined && order(known.min) > 0;
    const isBelow = known.max !== undefined && order(known.max) < 0;
    if (operator === "=") return !isAbove && !isBelow;
    return operator === "<" || operator === "<=" ? !isAbove : !isBelow || mayHoldNaN(column);
  };
}

/** How a bound lies to the value: above for sure, below for sure, or 0; undefined where bounds of this type cannot be compared with it. */
function orders(
  type: ColumnType,
  value: Compare["value"],
): ((bound: unknown) => number) | undefined {
  if (typeof type !== "string") return undefined;
  if (type === "string" && typeof value === "string") {
    return (bound) => (typeof bound === "string" ? compareObjectKeys(bound, value) : 0);
  }
  if (type === "date" && typeof value === "string" && datePattern.test(value)) {
    return (bound) =>
      typeof bound === "string" && datePattern.test(bound) ? compareObjectKeys(bound, value) : 0;
  }
  if (type === "timestamp" && typeof value === "string") {
    const wanted = epochMs(value);
    return wanted === undefined ? undefined : (bound) => compareTimes(bound, wanted);
  }
  if (isNumeric(type) && typeof value === "number") {
    return (bound) => compareNumbers(bound, value);
  }
  return undefined;
}

const datePattern = /^\d{4}-\d\d-\d\d$/;
const timePattern =
  /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?(?:Z|\+00(?::00)?)?$/;

function epochMs(text: unknown): number | undefined {
  const [, date, time = "00:00"] = (typeof text === "string" && timePattern.exec(text)) || [];
  const milliseconds = date === undefined ? Number.NaN : Date.parse(`${date}T${time}Z`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** Bounds are cut to the millisecond, so those of the value's own say nothing. */
function compareTimes(bound: unknown, wanted: number): number {
  const time = epochMs(bound);
  return time === undefined || Math.abs(time - wanted) <= 1 ? 0 : time - wanted;
}

/** Some writers leave NaN out of bounds, and it is greater than every number. */
function mayHoldNaN({ type }: Column): boolean {
  return type === "double" || type === "float";
}

function isNumeric(type: string): boolean {
  return /^(?:long|integer|short|byte|double|float|decimal\(.*\))$/.test(type);
}

/** Long integers and decimals lose digits in JSON, but keep their order unless they become equal. */
function compareNumbers(bound: unknown, wanted: number): number {
  const number = typeof bound === "string" && bound.trim() !== "" ? Number(bound) : bound;
  return typeof number === "number" && !Number.isNaN(number) ? number - wanted : 0;
}
