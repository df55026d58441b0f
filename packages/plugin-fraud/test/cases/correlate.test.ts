import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entity } from "../../src/cases/alert.ts";
import { defaultCaseOptions, entityKinds } from "../../src/cases/case-options.ts";
import {
  absorb,
  add,
  type CorrelationLimits,
  entityKey,
  type OpenCase,
  place,
} from "../../src/cases/correlate.ts";
import { groupBy } from "../../src/cases/group-by.ts";

interface Payment {
  readonly time: number;
  readonly entities: readonly Entity[];
}

/** Puts the payments into cases, in their order; gives each payment's case. */
function correlate(
  payments: readonly Payment[],
  limits: CorrelationLimits,
  touch: (made: number) => boolean = () => false,
): ReadonlyArray<{ readonly payment: Payment; readonly into: OpenCase }> {
  const open = new Set<OpenCase>();
  const placed: Array<{ payment: Payment; into: OpenCase }> = [];
  for (const payment of payments) {
    const { into, absorb: others } = place(payment, open, limits);
    const number = placed.length + 1;
    const target = into ?? { number, alerts: 0, touched: touch(number), seen: new Map() };
    open.add(target);
    for (const other of others) {
      absorb(other, target);
      open.delete(other);
      for (const entry of placed) if (entry.into === other) entry.into = target;
    }
    add(payment, target);
    placed.push({ payment, into: target });
  }
  return placed;
}

/** What shares an entity, directly or through others, by union-find. */
function components(payments: readonly Payment[]): readonly number[] {
  const parent = payments.map((_, i) => i);
  const root = (i: number): number => (parent[i] === i ? i : root(parent[i] ?? i));
  const first = new Map<string, number>();
  for (const [i, { entities }] of payments.entries())
    for (const entity of entities) {
      const other = first.get(entityKey(entity));
      if (other === undefined) first.set(entityKey(entity), i);
      else parent[root(i)] = root(other);
    }
  return payments.map((_, i) => root(i));
}

/** Groups as a set of sets, whatever they are called. */
function groups(of: readonly unknown[]): ReadonlySet<string> {
  const members = groupBy(of.keys(), (i) => of[i]);
  return new Set([...members.values()].map((indexes) => indexes.join(",")));
}

const entity = fc.record({
  kind: fc.constantFrom(...entityKinds),
  value: fc.integer({ min: 0, max: 12 }).map(String),
});
const payment = fc.record({
  time: fc.integer({ min: 0, max: 10 ** 10 }),
  entities: fc.uniqueArray(entity, { maxLength: 4, selector: ({ kind }) => kind }),
});
const payments = fc.array(payment, { maxLength: 60 });
const always = Object.fromEntries(
  entityKinds.map((kind) => [kind, Infinity]),
) as CorrelationLimits["linkWithinMs"];
const unbounded = { maxAlerts: Infinity, linkWithinMs: always };

function at(time: number, kind: "ip" | "card"): Payment {
  return { time, entities: [{ kind, value: "x" }] };
}

describe("which alerts are one case", () => {
  it("is what shares an entity directly or through others, in whatever order they come", () => {
    fc.assert(
      fc.property(payments, (given) => {
        const cases = correlate(given, unbounded).map(({ into }) => into);
        expect(groups(cases)).toEqual(groups(components(given)));
      }),
    );
  });

  it("never grows past its most alerts, and holds nothing that is not linked to the rest", () => {
    fc.assert(
      fc.property(payments, fc.integer({ min: 1, max: 8 }), (given, maxAlerts) => {
        const placed = correlate(given, { maxAlerts, linkWithinMs: always }, (n) => n % 3 === 0);
        for (const [into, members] of groupBy(placed, (each) => each.into)) {
          expect(members.length).toBeLessThanOrEqual(maxAlerts);
          expect(into.alerts).toBe(members.length);
          const own = members.map((each) => each.payment);
          expect(new Set(components(own)).size).toBe(1);
        }
      }),
    );
  });

  it("never puts a case that a person works on into another", () => {
    fc.assert(
      fc.property(payments, (given) => {
        const open: OpenCase[] = given.map(({ time, entities }, i) => {
          const made = { number: i + 1, alerts: 0, touched: i % 2 === 0, seen: new Map() };
          add({ time, entities }, made);
          return made;
        });
        for (const each of given)
          expect(place(each, open, unbounded).absorb.filter(({ touched }) => touched)).toEqual([]);
      }),
    );
  });

  it("joins by an address within the hour and by a card within the month", () => {
    const limits = defaultCaseOptions;
    const hour = 3_600_000;
    const sizes = (...given: Payment[]) =>
      new Set(correlate(given, limits).map(({ into }) => into)).size;
    expect(sizes(at(0, "ip"), at(hour, "ip"))).toBe(1);
    expect(sizes(at(0, "ip"), at(hour + 1, "ip"))).toBe(2);
    expect(sizes(at(hour + 1, "ip"), at(0, "ip"))).toBe(2);
    expect(sizes(at(0, "card"), at(30 * 24 * hour, "card"))).toBe(1);
    expect(sizes(at(0, "card"), at(31 * 24 * hour, "card"))).toBe(2);
    expect(sizes(at(0, "card"), at(0, "ip"))).toBe(2);
  });
});
