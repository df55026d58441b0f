import { dayOf, hourOf, isInstant, monthOf, wallClock, weekdayOf } from "./calendar.ts";
import { jaroWinkler } from "./similarity.ts";
import type { Type } from "./types.ts";

type Result = number | string | undefined;
export type Apply = (...values: readonly never[]) => Result;

/** A function of expressions. Its result is missing where an operand is, or where it is no finite number. */
export interface FunctionDefinition {
  /** Types it takes; each a way to call it. The last type of a way that `repeats` may come again. */
  readonly ways: ReadonlyArray<readonly Type[]>;
  readonly repeats?: true;
  /** `first`: of the type of the first operand. */
  readonly result: Type | "first";
  /** Position of an operand that must be written as a constant. */
  readonly constant?: number;
  /** One sentence for the reference. */
  readonly summary: string;
  /** Makes what is called for each decision; `constant` is the value of that operand. An Error thrown here says what is wrong with it. */
  readonly make: (constant: number | string | undefined) => Apply;
}

/** A function whose operands are all free. */
function plain(
  ways: FunctionDefinition["ways"],
  result: FunctionDefinition["result"],
  summary: string,
  apply: Apply,
): FunctionDefinition {
  return { ways, result, summary, make: () => apply };
}

function ofCalendar(summary: string, read: (wall: number) => number): FunctionDefinition {
  return {
    ways: [["time"], ["time", "text"]],
    result: "number",
    constant: 1,
    summary: `${summary}, in UTC or in the time zone named`,
    make(zone) {
      const clock = wallClock(zone === undefined ? "UTC" : String(zone));
      return (time: number) => (isInstant(time) ? read(clock(time)) : Number.NaN);
    },
  };
}

function digitsOf(constant: number | string | undefined): number {
  const digits = constant ?? 0;
  if (typeof digits !== "number" || !Number.isInteger(digits) || digits < 0 || digits > 10)
    throw new Error("digits are a whole number from 0 to 10");
  return digits;
}

const numbers = [["number"], ["duration"]] as const;
const pairs = [
  ["number", "number"],
  ["duration", "duration"],
  ["time", "time"],
] as const;

export const functions: ReadonlyMap<string, FunctionDefinition> = new Map<
  string,
  FunctionDefinition
>([
  ["abs", plain(numbers, "first", "The value without its sign", Math.abs)],
  ["floor", plain([["number"]], "number", "The next whole number below", Math.floor)],
  ["ceil", plain([["number"]], "number", "The next whole number above", Math.ceil)],
  ["sqrt", plain([["number"]], "number", "The square root", Math.sqrt)],
  ["log", plain([["number"]], "number", "The natural logarithm", Math.log)],
  ["min", { ...plain(pairs, "first", "The least of two or more", Math.min), repeats: true }],
  ["max", { ...plain(pairs, "first", "The greatest of two or more", Math.max), repeats: true }],
  [
    "round",
    {
      ways: [["number"], ["number", "number"]],
      result: "number",
      constant: 1,
      summary: "Rounded half up, to whole numbers or to so many decimals",
      make(constant) {
        const factor = 10 ** digitsOf(constant);
        return (value: number) => Math.round(value * factor) / factor;
      },
    },
  ],
  [
    "fixed",
    {
      ways: [["number", "number"]],
      result: "text",
      constant: 1,
      summary: "The number as a text with so many decimals, for details",
      make(constant) {
        const digits = digitsOf(constant);
        return (value: number) => value.toFixed(digits);
      },
    },
  ],
  ["lower", plain([["text"]], "text", "In lower case", (text: string) => text.toLowerCase())],
  ["upper", plain([["text"]], "text", "In upper case", (text: string) => text.toUpperCase())],
  ["trim", plain([["text"]], "text", "Without space at both ends", (text: string) => text.trim())],
  ["length", plain([["text"]], "number", "How many characters", (text: string) => text.length)],
  [
    "before",
    plain([["text", "text"]], "text", "What stands before the first of the second text", before),
  ],
  [
    "after",
    plain([["text", "text"]], "text", "What stands after the last of the second text", after),
  ],
  [
    "similarity",
    plain(
      [["text", "text"]],
      "number",
      "How alike two texts are, 0 to 1 (Jaro–Winkler, of their first 256 characters)",
      jaroWinkler,
    ),
  ],
  ["hour", ofCalendar("Hour of the day, 0 to 23", hourOf)],
  ["weekday", ofCalendar("Day of the week, 1 (Monday) to 7 (Sunday)", weekdayOf)],
  ["day", ofCalendar("Day of the month, 1 to 31", dayOf)],
  ["month", ofCalendar("Month, 1 to 12", monthOf)],
  [
    "time",
    {
      ways: [["text"]],
      result: "time",
      constant: 0,
      summary: "An instant written out: a date, or a date and time with its zone",
      make(constant) {
        const text = String(constant);
        const time = Date.parse(text);
        if (
          !/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) ||
          Number.isNaN(time)
        )
          throw new Error(
            `expected 2026-01-31 or 2026-01-31T10:00:00Z, found "${text.slice(0, 40)}"`,
          );
        return () => time;
      },
    },
  ],
]);

/** Forms that are written as functions and treat what is missing in their own way. */
export const specialForms: ReadonlyMap<string, string> = new Map([
  ["known", "known(value): true where the value is there, else false"],
  ["default", "default(value, other): the value, or the other where it is missing"],
  ["if", "if(condition, value, other): missing where the condition is not known"],
  ["age", "age(time): how long before the payment it was, a duration"],
]);

function before(text: string, separator: string): string | undefined {
  const at = text.indexOf(separator);
  return at < 0 ? undefined : text.slice(0, at);
}

function after(text: string, separator: string): string | undefined {
  const at = text.lastIndexOf(separator);
  return at < 0 ? undefined : text.slice(at + separator.length);
}
