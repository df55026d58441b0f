import { addMoney, exactUnits, formatUnits, parseMoney } from "../commerce/money.ts";
import { hashId } from "../dedupe/id-window.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import { DdSketch, type SavedDdSketch } from "./sketches/dd-sketch.ts";
import { HyperLogLog } from "./sketches/hyper-log-log.ts";

/**
 * An aggregate whose parts can be merged. A state belongs to its holder: `add` and `merge` may change the first argument and return what to go
 * on with. What `save` gives is plain JSON.
 */
export interface Aggregate<State = unknown> {
  readonly kind: string;
  /** What of an event takes part; undefined: nothing does. */
  read(event: EventEnvelope): unknown;
  empty(): State;
  add(state: State, value: unknown): State;
  merge(into: State, other: State): State;
  copy(state: State): State;
  /** Undefined where nothing took part and there is no answer. */
  result(state: State): unknown;
  save(state: State): unknown;
  load(saved: unknown): State;
}

type NumberField = (event: EventEnvelope) => number | undefined;
type TextField = (event: EventEnvelope) => string | undefined;

/** State that is a value and is its own JSON. */
const plain = {
  copy: <State>(state: State): State => state,
  save: <State>(state: State): State => state,
  load: (saved: unknown): never => saved as never,
};

function finite(field: NumberField): NumberField {
  return (event) => {
    const value = field(event);
    return Number.isFinite(value) ? value : undefined;
  };
}

/** Events of the window. */
export const count: Aggregate<number> = {
  kind: "count",
  ...plain,
  read: () => 1,
  empty: () => 0,
  add: (state) => state + 1,
  merge: (a, b) => a + b,
  result: (state) => state,
};

/** Sum of a number, with the rounding of doubles; amounts of money take {@link sumMoney}. */
export function sum(field: NumberField): Aggregate<number | null> {
  return pick("sum", field, (a, b) => a + b);
}

export function min(field: NumberField): Aggregate<number | null> {
  return pick("min", field, Math.min);
}

export function max(field: NumberField): Aggregate<number | null> {
  return pick("max", field, Math.max);
}

function pick(
  kind: "sum" | "min" | "max",
  field: NumberField,
  combine: (a: number, b: number) => number,
): Aggregate<number | null> {
  const merge = (a: number | null, b: number | null): number | null =>
    a === null ? b : b === null ? a : combine(a, b);
  return {
    kind,
    ...plain,
    read: finite(field),
    empty: () => null,
    add: (state, value) => merge(state, value as number),
    merge,
    result: (state) => state ?? undefined,
  };
}

/** Exact sum of decimal amounts, as a decimal string: the same in whatever order they come. What is no amount takes no part. */
export function sumMoney(
  field: (event: EventEnvelope) => string | number | undefined,
): Aggregate<number | string> {
  return {
    kind: "sumMoney",
    ...plain,
    read(event) {
      const amount = parseMoney(field(event));
      if (amount === undefined) return undefined;
      const units = exactUnits(amount);
      return Number.isNaN(units) ? amount : units;
    },
    empty: () => 0,
    add: (state, value) => addUnits(state, value as number | string),
    merge: addUnits,
    result: (state) => trimZeros(textOf(state)),
  };
}

/** Whole ten-thousandths while they are safe integers, text beyond. */
function addUnits(a: number | string, b: number | string): number | string {
  const units = typeof a === "number" && typeof b === "number" ? a + b : Number.NaN;
  return Number.isSafeInteger(units) ? units : addMoney(textOf(a), textOf(b));
}

function textOf(amount: number | string): string {
  return typeof amount === "number" ? formatUnits(amount) : amount;
}

function trimZeros(amount: string): string {
  return amount.includes(".") ? amount.replace(/\.?0+$/, "") : amount;
}

/** Count, mean and sum of squared differences from it. */
type Moments = readonly [count: number, mean: number, squares: number];

/** Arithmetic mean. */
export function mean(field: NumberField): Aggregate<Moments> {
  return moments("mean", field, ([n, average]) => (n === 0 ? undefined : average));
}

/**
 * Sample variance (divided by n − 1); undefined below two values.
 *
 * @see Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances (1979)
 */
export function variance(field: NumberField): Aggregate<Moments> {
  return moments("variance", field, ([n, , squares]) => (n < 2 ? undefined : squares / (n - 1)));
}

function moments(
  kind: string,
  field: NumberField,
  result: (state: Moments) => number | undefined,
): Aggregate<Moments> {
  const merge = (a: Moments, b: Moments): Moments => {
    const n = a[0] + b[0];
    if (n === 0) return a;
    const delta = b[1] - a[1];
    const average = a[1] + (delta * b[0]) / n;
    return [n, average, a[2] + b[2] + (delta * delta * a[0] * b[0]) / n];
  };
  return {
    kind,
    ...plain,
    read: finite(field),
    empty: () => [0, 0, 0],
    add: (state, value) => merge(state, [1, value as number, 0]),
    merge,
    result,
  };
}

/** The text of the earliest event that has one. */
export function first(field: TextField): Aggregate<Timed> {
  return timed("first", field, (a, b) => a < b);
}

/** The text of the latest event that has one. */
export function last(field: TextField): Aggregate<Timed> {
  return timed("last", field, (a, b) => a > b);
}

/** Event time and text; null: none yet. */
type Timed = readonly [time: number, text: string] | null;

function timed(
  kind: string,
  field: TextField,
  isBefore: (a: number | string, b: number | string) => boolean,
): Aggregate<Timed> {
  // Of two at one time the text decides, so that the order they come in does not.
  const merge = (a: Timed, b: Timed): Timed => {
    if (a === null || b === null) return a ?? b;
    const isOther = a[0] === b[0] ? isBefore(b[1], a[1]) : isBefore(b[0], a[0]);
    return isOther ? b : a;
  };
  return {
    kind,
    ...plain,
    read(event) {
      const text = field(event);
      return text === undefined ? undefined : [event.time, text];
    },
    empty: () => null,
    add: (state, value) => merge(state, value as Timed),
    merge,
    result: (state) => state?.[1],
  };
}

/** How many different texts, exactly up to 512 and within about 1.6 % beyond. */
export function approxDistinct(field: TextField): Aggregate<HyperLogLog> {
  return {
    kind: "approxDistinct",
    read: field,
    empty: () => new HyperLogLog(),
    add(state, value) {
      state.add(hashId("", value as string));
      return state;
    },
    merge(into, other) {
      into.merge(other);
      return into;
    },
    copy: (state) => state.copy(),
    result: (state) => state.estimate(),
    save: (state) => state.save(),
    load: (saved) => HyperLogLog.load(saved as string | readonly number[]),
  };
}

/** Quantiles by share (0 to 1), each within one per cent of its value: `{ "0.5": 12.1, … }`. */
export function approxQuantiles(
  field: NumberField,
  shares: readonly number[],
): Aggregate<DdSketch> {
  return {
    kind: "approxQuantiles",
    read: finite(field),
    empty: () => new DdSketch(),
    add(state, value) {
      state.add(value as number);
      return state;
    },
    merge(into, other) {
      into.merge(other);
      return into;
    },
    copy: (state) => state.copy(),
    result: (state) =>
      Object.fromEntries(shares.map((share) => [String(share), state.quantile(share)])),
    save: (state) => state.save(),
    load: (saved) => DdSketch.load(saved as SavedDdSketch),
  };
}
