import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AlertBook, openAlerts, turnBook } from "../../src/health/alert-book.ts";
import type { Condition } from "../../src/health/alert-rules.ts";

const clearAfterMs = 60_000;
const lagging = (more: Partial<Condition> = {}): Condition => ({
  kind: "consumer-lag",
  target: "topology/live",
  severity: "warning",
  message: "behind",
  forMs: 60_000,
  raises: true,
  ...more,
});

/** Looks every 15 s; each look has the conditions of its place in the list. */
function looks(list: ReadonlyArray<readonly Condition[]>, book: AlertBook = {}, from = 0) {
  let last = book;
  return list.map((conditions, i) => {
    const turn = turnBook(last, conditions, { now: from + i * 15_000, clearAfterMs });
    last = turn.book;
    return turn;
  });
}

const times = <T>(count: number, value: T): readonly T[] =>
  Array.from({ length: count }, () => value);

const fifthOfEight = [0, 0, 0, 0, 1, 0, 0, 0];

describe("an alert", () => {
  test("is raised once what it is about has lasted, and resolved once it is over for a while", () => {
    const turns = looks([...times(8, [lagging()]), ...times(8, [])]);
    expect(turns.map(({ raised }) => raised.length)).toEqual([...fifthOfEight, ...times(8, 0)]);
    expect(turns.map(({ resolved }) => resolved.length)).toEqual([...times(8, 0), ...fifthOfEight]);
    const [raised, resolved] = [turns[4]?.raised[0], turns[12]?.resolved[0]];
    expect(raised).toMatchObject({ since: 0, raisedAt: 60_000, target: "topology/live" });
    expect(resolved?.alertId).toBe(raised?.alertId);
    expect(turns.at(-1)?.book).toEqual({});
  });

  test("is not raised by what passes, nor ended by a moment's rest or what is only near the limit", () => {
    const near = lagging({ raises: false });
    const passing = looks([...times(4, [lagging()]), [], ...times(4, [lagging()])]);
    expect(passing.flatMap(({ raised }) => raised)).toEqual([]);
    const resting = looks([
      ...times(5, [lagging()]),
      ...times(3, []),
      [lagging()],
      ...times(3, []),
      ...times(20, [near]),
    ]);
    expect(resting.flatMap(({ raised }) => raised)).toHaveLength(1);
    expect(resting.flatMap(({ resolved }) => resolved)).toEqual([]);
    expect(looks(times(20, [near])).flatMap(({ raised }) => raised)).toEqual([]);
  });

  test("has its id from a beginning that was stored before anybody was told", () => {
    const book = looks(times(4, [lagging()])).at(-1)?.book ?? {};
    // One instance tells and stops before it stores; another does the same again later.
    const [first] = looks([[lagging()]], book, 60_000);
    const [second] = looks([[lagging()]], book, 75_000);
    expect(second?.raised[0]?.alertId).toBe(first?.raised[0]?.alertId);
    // At once means at the second look.
    const atOnce = looks(times(2, [lagging({ forMs: 0 })]));
    expect(atOnce.map(({ raised }) => raised.length)).toEqual([0, 1]);
    // The next time it is another alert.
    const again = looks([...times(5, [lagging()]), ...times(5, []), ...times(5, [lagging()])]);
    expect(new Set(again.flatMap(({ raised }) => raised.map(({ alertId }) => alertId))).size).toBe(
      2,
    );
  });

  test("follows its condition while it is open", () => {
    const turns = looks([...times(5, [lagging()]), [lagging({ message: "farther behind" })]]);
    expect(openAlerts(turns.at(-1)?.book ?? {})).toMatchObject([{ message: "farther behind" }]);
  });

  test("never flaps, whatever comes: it is raised and resolved in turn, and open for longer than a rest", () => {
    const moment = fc.constantFrom([], [lagging()], [lagging({ raises: false })]);
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 200 }), (history) => {
        const changes = looks(history).flatMap(({ raised, resolved }, i) => [
          ...raised.map(() => ({ what: "raised", at: i })),
          ...resolved.map(() => ({ what: "resolved", at: i })),
        ]);
        changes.forEach(({ what, at }, i) => {
          expect(what).toBe(i % 2 === 0 ? "raised" : "resolved");
          const before = changes[i - 1];
          if (before !== undefined) expect(at - before.at).toBeGreaterThanOrEqual(4);
        });
      }),
    );
  });

  test("of more things than a book holds: the first thousand", () => {
    const many = Array.from({ length: 1_500 }, (_, i) => lagging({ target: `t${i}`, forMs: 0 }));
    const turns = looks(times(3, many));
    expect(turns.flatMap(({ raised }) => raised)).toHaveLength(1_000);
  });
});
