import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Amount } from "../../src/api/answers.ts";
import { addAmounts, relativeChange } from "../../src/format/amount.ts";

const cents = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });

describe("addAmounts", () => {
  it("is exact where a float is not", () => {
    expect(addAmounts("0.1", "0.2")).toBe("0.3");
    expect(addAmounts("-0.05", "0.02")).toBe("-0.03");
    expect(addAmounts("12345678901234567890.01", "0.99")).toBe("12345678901234567891.00");
    expect(addAmounts("1", "2")).toBe("3");
  });

  it("adds as whole cents do", () => {
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        expect(addAmounts(written(a), written(b))).toBe(written(a + b));
      }),
    );
  });
});

describe("relativeChange", () => {
  it("is a share of what was before, and nothing where nothing was", () => {
    expect(relativeChange("150", "100")).toBe(0.5);
    expect(relativeChange("-50", "-100")).toBe(0.5);
    expect(relativeChange(3, 0)).toBeUndefined();
  });
});

function written(value: bigint): Amount {
  const digits = (value < 0n ? -value : value).toString().padStart(3, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}` as Amount;
}
