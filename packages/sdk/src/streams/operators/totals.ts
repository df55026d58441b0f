import type { EventEnvelope } from "../../events/envelope.ts";
import type { Aggregate } from "../aggregates.ts";

/** The aggregates of a window as one: states in the order of their names. */
export interface Totals {
  empty(): unknown[];
  /** What of the event takes part, read before anything is changed. The array is used again for the next event. */
  read(event: EventEnvelope): readonly unknown[];
  /** Changes `states`. */
  add(states: unknown[], values: readonly unknown[]): void;
  /** Changes `into`. */
  merge(into: unknown[], other: readonly unknown[]): void;
  copy(states: readonly unknown[]): unknown[];
  save(states: readonly unknown[]): unknown[];
  load(saved: readonly unknown[]): unknown[];
  /** By name; one without an answer is left out. */
  results(states: readonly unknown[]): Readonly<Record<string, unknown>>;
}

export function totalsOf(aggregates: Readonly<Record<string, Aggregate>>): Totals {
  const names = Object.keys(aggregates);
  const all = Object.values(aggregates);
  const values: unknown[] = all.map(() => undefined);
  return {
    empty: () => all.map((aggregate) => aggregate.empty()),
    read(event) {
      for (const [i, aggregate] of all.entries()) values[i] = aggregate.read(event);
      return values;
    },
    add(states, given) {
      for (const [i, aggregate] of all.entries()) {
        const value = given[i];
        if (value !== undefined) states[i] = aggregate.add(states[i], value);
      }
    },
    merge(into, other) {
      all.forEach((aggregate, i) => {
        into[i] = aggregate.merge(into[i], other[i]);
      });
    },
    copy: (states) => all.map((aggregate, i) => aggregate.copy(states[i])),
    save: (states) => all.map((aggregate, i) => aggregate.save(states[i])),
    load: (saved) => all.map((aggregate, i) => aggregate.load(saved[i])),
    results(states) {
      const found: Record<string, unknown> = {};
      all.forEach((aggregate, i) => {
        const result = aggregate.result(states[i]);
        if (result !== undefined) found[names[i] ?? ""] = result;
      });
      return found;
    },
  };
}
