import type { QualityCheck } from "@ecap/sdk";
import { expect, it } from "vitest";
import { holdsCardNumber } from "../../src/quality/card-number.ts";
import { compileRule } from "../../src/quality/compile-rule.ts";
import { testEvent } from "./step-fixture.ts";

/** What a rule says of each value it looks at: checked ones as true or false. */
function asked(check: QualityCheck, data: Record<string, unknown>, fields = {}): boolean[] {
  const rule = compileRule({ name: "r", topic: "t", level: "fail", description: "", check });
  const event = testEvent({ id: "e", data, ...fields });
  const answers: boolean[] = [];
  if (rule?.kind === "event") answers.push(rule.passes(event));
  if (rule?.kind === "value") {
    rule.read(event, (value) => {
      if (rule.takesMissing || (value !== undefined && value !== null && value !== "")) {
        answers.push(rule.passes(value));
      }
    });
  }
  return answers;
}

it.each<[QualityCheck, Record<string, unknown>, boolean[]]>([
  [{ kind: "completeness", field: "a" }, { a: 0 }, [true]],
  [{ kind: "completeness", field: "a" }, { a: false }, [true]],
  [{ kind: "completeness", field: "a" }, { a: "" }, [false]],
  [{ kind: "completeness", field: "a" }, { a: null }, [false]],
  [{ kind: "completeness", field: "a" }, { a: [] }, [false]],
  [{ kind: "completeness", field: "a" }, {}, [false]],
  [{ kind: "completeness", field: "toString" }, {}, [false]],
  [{ kind: "completeness", field: "a.b" }, { a: { b: 1 } }, [true]],
  [{ kind: "completeness", field: "a.b" }, { a: 5 }, [false]],
  [{ kind: "completeness", field: "a[].b" }, { a: [{ b: 1 }, {}, 3] }, [true, false, false]],
  [{ kind: "completeness", field: "a[].b" }, { a: "none" }, []],
  [{ kind: "completeness", field: "@actor.customerId" }, {}, [true]],
  [{ kind: "completeness", field: "@actor.deviceId" }, {}, [false]],
  [{ kind: "range", field: "a", min: 0 }, { a: 0 }, [true]],
  [{ kind: "range", field: "a", above: 0 }, { a: 0 }, [false]],
  [{ kind: "range", field: "a", min: 0 }, { a: "-0.01" }, [false]],
  [{ kind: "range", field: "a", max: 10 }, { a: "9.99" }, [true]],
  [{ kind: "range", field: "a", max: 10 }, { a: Number.NaN }, [false]],
  [{ kind: "range", field: "a", max: 10 }, { a: Infinity }, [false]],
  [{ kind: "range", field: "a", max: 10 }, { a: "1e1" }, [false]],
  [{ kind: "range", field: "a", max: 10 }, { a: "1".repeat(1_000_000) }, [false]],
  [{ kind: "range", field: "a", max: 10 }, { a: { valueOf: 1 } }, [false]],
  [{ kind: "range", field: "a[].b", min: 1 }, { a: [{ b: 1 }, { b: 0 }, {}] }, [true, false]],
  [{ kind: "range", field: "a", min: 0 }, {}, []],
  [{ kind: "pattern", field: "a", pattern: "^x+$" }, { a: "xx" }, [true]],
  [{ kind: "pattern", field: "a", pattern: "^x+$" }, { a: 7 }, [false]],
  [{ kind: "pattern", field: "a", pattern: "y" }, { a: `${"x".repeat(5_000)}y` }, [false]],
  [{ kind: "allowed", field: "a", values: ["EUR", 1] }, { a: "EUR" }, [true]],
  [{ kind: "allowed", field: "a", values: ["EUR", 1] }, { a: "1" }, [false]],
  [{ kind: "cardNumberFree", field: "a" }, { a: "tok_4111" }, [true]],
  [{ kind: "cardNumberFree", field: "a" }, { a: "x 4111-1111-1111-1111 y" }, [false]],
])("%j of %.60j", (check, data, expected) => {
  expect(asked(check, data, { actor: { customerId: "c" } })).toEqual(expected);
});

it("looks at a thousand values of an event at most", () => {
  const a = Array.from({ length: 50_000 }, () => ({ b: 1 }));
  expect(asked({ kind: "range", field: "a[].b", min: 0 }, { a })).toHaveLength(1_000);
});

it("compares event time with arrival", () => {
  const check = { kind: "freshness", maxLagMs: 100, maxAheadMs: 10 } as const;
  const at = (time: number) => asked(check, {}, { time, receivedAt: 1_000 })[0];
  expect([899, 900, 1_010, 1_011].map(at)).toEqual([false, true, true, false]);
});

it("knows a card number from other digits", () => {
  const cards = ["4111111111111111", "378282246310005", "5555 5555 5555 4444", 4012888888881881];
  expect(cards.map(holdsCardNumber)).toEqual([true, true, true, true]);
  const others = [
    "4111111111111112",
    "1234567890123",
    "o-00411111",
    "2026-05-01T10:00:00Z",
    "",
    null,
  ];
  expect(others.map(holdsCardNumber)).toEqual(others.map(() => false));
  // Digits without end cost no time.
  expect(holdsCardNumber("9".repeat(1_000_000))).toBe(false);
});
