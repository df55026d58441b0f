import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalText, scaledDecimal } from "../src/columns/decimal-column.ts";
import { epochDays } from "../src/columns/number-column.ts";
import { partitionFolder, partitionValue } from "../src/columns/partition-value.ts";
import { stringBounds } from "../src/columns/string-column.ts";
import { encodePath } from "../src/format/data-path.ts";

describe("decimals", () => {
  it("come back as they went in, for every size (property)", () => {
    const size = fc
      .tuple(fc.integer({ min: 1, max: 38 }), fc.integer({ min: 0, max: 38 }))
      .filter(([precision, scale]) => scale <= precision)
      .map(([precision, scale]) => ({ precision, scale }));
    const sized = size.chain((s) =>
      fc.tuple(
        fc.constant(s),
        fc.bigInt({
          min: -(10n ** BigInt(s.precision)) + 1n,
          max: 10n ** BigInt(s.precision) - 1n,
        }),
      ),
    );
    fc.assert(
      fc.property(sized, ([s, scaled]) => {
        const text = decimalText(scaled, s.scale);
        expect(BigInt(scaledDecimal(text, s) ?? "x")).toBe(scaled);
      }),
      { numRuns: 500 },
    );
  });

  it("take what is exact and nothing else", () => {
    const size = { precision: 6, scale: 2 };
    const accepted = {
      "1": 100,
      "-1.5": -150,
      "0": 0,
      "-0.00": 0,
      "0001.10": 110,
      "9999.99": 999_999,
      "1.2300": 123,
    };
    for (const [text, scaled] of Object.entries(accepted))
      expect([text, scaledDecimal(text, size)]).toEqual([text, scaled]);
    for (const text of [
      "",
      "-",
      ".",
      ".5",
      "1.",
      "+1",
      "1e2",
      " 1",
      "1,5",
      "NaN",
      "Infinity",
      "0x1",
      "10000",
      "1.234",
      "1.2.3",
      "--1",
      "１",
    ]) {
      expect([text, scaledDecimal(text, size)]).toEqual([text, undefined]);
    }
  });
});

describe("dates", () => {
  it("are those of the calendar", () => {
    expect(epochDays("1970-01-01")).toBe(0);
    expect(epochDays("1969-12-31")).toBe(-1);
    expect(epochDays("2024-02-29")).toBe(19_782);
    for (const text of [
      "2023-02-29",
      "2026-13-01",
      "2026-1-1",
      "26-01-01",
      "2026-01-01T00:00",
      "",
      "0000-00-00",
    ]) {
      expect([text, epochDays(text)]).toEqual([text, undefined]);
    }
  });
});

describe("statistics of strings", () => {
  it("hold for every string between them (property)", () => {
    const word = fc
      .string({ unit: "grapheme", maxLength: 60 })
      .filter((s) => !/\p{Surrogate}/u.test(s));
    fc.assert(
      fc.property(word, (value) => {
        const { min, max } = stringBounds(value, value);
        if (min !== undefined)
          expect(Buffer.compare(bytes(min), Buffer.from(value))).toBeLessThanOrEqual(0);
        if (max !== undefined)
          expect(Buffer.compare(bytes(max), Buffer.from(value))).toBeGreaterThanOrEqual(0);
      }),
      { examples: [["x".repeat(33)], ["😀".repeat(40)], ["\u{10ffff}".repeat(40)]] },
    );
  });
});

describe("partition folders", () => {
  it("are safe names for any value, different for different values, and come back from the log's path (property)", () => {
    const value = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
      .filter((s) => !/\p{Surrogate}/u.test(s) && new TextEncoder().encode(s).length <= 30);
    fc.assert(
      fc.property(value, value, (a, b) => {
        const folder = partitionFolder({ tenant: a });
        expect(folder).toMatch(/^tenant=[\w.%-]+\/$/);
        expect(folder === partitionFolder({ tenant: b })).toBe(a === b);
        expect(decodeURIComponent(encodePath(folder))).toBe(folder);
      }),
    );
  });

  it("keep values as the protocol writes them", () => {
    expect(partitionValue(column("timestamp"), Date.UTC(2026, 0, 31, 1, 2, 3, 4))).toBe(
      "2026-01-31T01:02:03.004000Z",
    );
    expect(partitionValue(column("timestamp"), -1n)).toBe("1969-12-31T23:59:59.999999Z");
    expect(partitionValue(column("date"), "2026-01-31")).toBe("2026-01-31");
    expect(partitionValue(column("boolean"), false)).toBe("false");
    expect(partitionValue(column("string"), null)).toBeNull();
    expect(partitionValue(column("string"), "")).toBeUndefined();
    expect(partitionFolder({ p: null })).toBe("p=__HIVE_DEFAULT_PARTITION__/");
  });
});

const bytes = (json: string) => Buffer.from(String(JSON.parse(json)));

const column = (type: "timestamp" | "date" | "string" | "boolean") => ({ name: "p", type });
