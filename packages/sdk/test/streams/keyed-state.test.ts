import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeyedState } from "../../src/streams/engine/keyed-state.ts";

interface Counter {
  count: number;
}

function counters(): KeyedState<Counter> {
  return new KeyedState<Counter>({
    copy: ({ count }) => ({ count }),
    save: ({ count }) => count,
    load: (saved) => ({ count: saved as number }),
  });
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), name: fc.constantFrom("a", "b", "c") }),
  fc.record({ kind: fc.constant("delete" as const), name: fc.constantFrom("a", "b", "c") }),
);
const batch = fc.record({ steps: fc.array(step, { maxLength: 8 }), isKept: fc.boolean() });

describe("keyed state", () => {
  it("is what its kept batches made of it, in memory and in the store", () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 12 }), (batches) => {
        const state = counters();
        const stored = new Map<string, Uint8Array>();
        let expected = new Map<string, number>();
        for (const { steps, isKept } of batches) {
          const now = new Map(expected);
          for (const { kind, name } of steps) {
            if (kind === "add") {
              state.change(name, () => ({ count: 0 })).count += 1;
              now.set(name, (now.get(name) ?? 0) + 1);
            } else {
              state.delete(name);
              now.delete(name);
            }
          }
          if (isKept) {
            for (const { key, value } of state.changes()) {
              if (value === undefined) stored.delete(key);
              else stored.set(key, value);
            }
            state.keep();
            expected = now;
          } else state.undo();
          expect(contents(state)).toEqual(expected);
          expect(state.size).toBe(expected.size);
        }
        const loaded = counters();
        loaded.load([...stored].map(([key, value]) => ({ key, value, version: "1" })));
        expect(contents(loaded)).toEqual(expected);
      }),
    );
  });
});

function contents(state: KeyedState<Counter>): ReadonlyMap<string, number> {
  return new Map([...state.entries()].map(([name, { count }]) => [name, count]));
}
