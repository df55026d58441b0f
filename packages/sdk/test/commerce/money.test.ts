import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addMoney,
  compareMoney,
  exactUnits,
  formatUnits,
  multiplyMoney,
  negateMoney,
  parseMoney,
  roundMoney,
  subtractMoney,
} from "../../src/commerce/money.ts";

/** An amount as text, and the same as ten-billionths to check against. */
const amount = fc
  .tuple(fc.bigInt({ min: -(10n ** 23n), max: 10n ** 23n }), fc.integer({ min: 0, max: 10 }))
  .map(([digits, scale]) => {
    const size = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, "0");
    const point = size.length - scale;
    const whole = size.slice(0, point).slice(-13);
    const text = `${digits < 0n ? "-" : ""}${whole}${scale > 0 ? `.${size.slice(point)}` : ""}`;
    return { text, exact: ten(text) };
  });

function ten(text: string): bigint {
  const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
  const size = BigInt(whole + fraction.padEnd(10, "0"));
  return text.startsWith("-") ? -size : size;
}

const parsed = (text: string): string => parseMoney(text) ?? expect.fail(text);

describe("parse", () => {
  test.each([
    [18.99, "18.99"],
    ["18.990", "18.99"],
    ["+007.50", "7.5"],
    ["-0", "0"],
    [-0, "0"],
    ["-0.000", "0"],
    ["30.", "30"],
    [1e-7, "0.0000001"],
    [1.5e-9, "0.0000000015"],
    [0.1 + 0.2, "0.30000000000000004"],
    [99_999_999_999_999, "99999999999999"],
  ])("%s is %s", (value, expected) => expect(parseMoney(value)).toBe(expected));

  test.each([
    Number.NaN,
    Infinity,
    -Infinity,
    1e14,
    1e300,
    "1e400",
    "1e2",
    "",
    " 1",
    "12,30",
    "$5",
    "0x10",
    "--1",
    ".",
    "1".repeat(15),
    null,
    undefined,
    true,
    {},
  ])("%s is no amount", (value) => expect(parseMoney(value)).toBeUndefined());

  test("every finite number below the limit survives, to twenty decimals", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -9e13, max: 9e13 }), (value) => {
        const text = parseMoney(value);
        if (Math.abs(value) >= 1e-3) expect(Number(text)).toBe(value);
        else expect(Number(text)).toBeCloseTo(value, 19);
        expect(parseMoney(text)).toBe(text);
      }),
    );
  });
});

test("addition, subtraction, comparison and negation are exact", () => {
  fc.assert(
    fc.property(amount, amount, (left, right) => {
      const [a, b] = [parsed(left.text), parsed(right.text)];
      expect(ten(addMoney(a, b))).toBe(left.exact + right.exact);
      expect(ten(subtractMoney(a, b))).toBe(left.exact - right.exact);
      expect(Math.sign(compareMoney(a, b))).toBe(
        left.exact < right.exact ? -1 : left.exact > right.exact ? 1 : 0,
      );
      expect(addMoney(a, negateMoney(a))).toBe("0");
    }),
  );
});

test("multiplication is exact", () => {
  fc.assert(
    fc.property(amount, fc.integer({ min: -100_000, max: 100_000 }), ({ text, exact }, factor) => {
      expect(ten(multiplyMoney(parsed(text), String(factor)))).toBe(exact * BigInt(factor));
    }),
  );
});

test.each([
  ["1.005", 2, "1.01"],
  ["-1.005", 2, "-1.01"],
  ["1.00499999", 2, "1.00"],
  ["2.5", 0, "3"],
  ["-0.004", 2, "0.00"],
  ["7", 2, "7.00"],
])("%s rounded half up to %i places is %s", (value, places, expected) => {
  expect(roundMoney(value, places)).toBe(expected);
});

test("the fast path is taken only where it is exact", () => {
  expect(exactUnits(0.1 + 0.2)).toBeNaN();
  expect(exactUnits("0.00001")).toBeNaN();
  expect(exactUnits("99999999999999.9999")).toBeNaN();
  expect(exactUnits("-")).toBeNaN();
  fc.assert(
    fc.property(fc.integer({ min: -1e15, max: 1e15 }), (units) => {
      expect(exactUnits(formatUnits(units))).toBe(units);
      expect(exactUnits(units / 10_000)).toBe(units);
    }),
  );
});
