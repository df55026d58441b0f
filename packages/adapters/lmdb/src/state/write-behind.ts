import type { Outcome } from "../storage/group-writer.ts";

/** Writes that are visible before they are stored: those that wait, and those in the transaction under way. */
export interface WriteBehind<Value> {
  readonly size: number;
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  /** Each key once, the newest value of each. */
  entries(): Iterable<readonly [string, Value]>;
  /** Hands what waits to `store`, and keeps it visible until the transaction is. */
  write(store: (key: string, value: Value) => void): Outcome | undefined;
}

export function createWriteBehind<Value>(): WriteBehind<Value> {
  let waiting = new Map<string, Value>();
  let underWay = new Map<string, Value>();
  return {
    get size() {
      return waiting.size;
    },
    get: (key) => waiting.get(key) ?? underWay.get(key),
    set: (key, value) => void waiting.set(key, value),
    entries: () => new Map([...underWay, ...waiting]),
    write(store) {
      if (waiting.size === 0) return undefined;
      underWay = waiting;
      waiting = new Map();
      for (const [key, value] of underWay) store(key, value);
      return {
        committed() {
          underWay = new Map();
        },
        // Visible is visible: it goes into the next transaction.
        failed() {
          waiting = new Map([...underWay, ...waiting]);
          underWay = new Map();
        },
      };
    },
  };
}
