/** What an expression gives. A time is an instant; a duration is what lies between two; a truth is true, false or not known. */
export type Type = "number" | "text" | "truth" | "time" | "duration";

/** A value at run time. Numbers, times (epoch milliseconds) and durations (milliseconds) that are missing are NaN, texts and truths undefined. */
export type Value = number | string | boolean | undefined;

/** The names an expression may use. */
export interface Scope {
  /** Position and type of each field by its name, as in `card.count_1h`. */
  readonly fields: ReadonlyMap<string, FieldPlace>;
  /** Names of lists, without the leading `lists.`. */
  readonly lists: ReadonlySet<string>;
}

export interface FieldPlace {
  readonly type: Type;
  /** Position of its value in the facts. */
  readonly slot: number;
}

/** The values a decision's expressions read, by slot. */
export type Facts = readonly Value[];

/** Slots every expression may read, whatever its fields are. */
export const decidedAtSlot = 0;
export const eventTimeSlot = 1;
export const firstFieldSlot = 2;

/** Whether an entry is in a list at a time (epoch milliseconds). */
export interface ListLookup {
  has(value: string, at: number): boolean;
}

const articles: Readonly<Record<Type, string>> = {
  number: "a number",
  text: "a text",
  truth: "a truth",
  time: "a time",
  duration: "a duration",
};

export function named(type: Type): string {
  return articles[type];
}
