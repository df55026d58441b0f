import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveCountry } from "../../src/geo/country.ts";
import { salesByCountry } from "../../src/geo/sales-by-country.ts";

describe("resolveCountry", () => {
  it.each([
    ["GB", "GB"],
    ["gb", "GB"],
    ["826", "GB"],
    ["UK", "GB"],
    ["United Kingdom", "GB"],
    ["EIRE", "IE"],
    ["USA", "US"],
    ["United States of America", "US"],
    ["Channel Islands", "JE"],
    ["RSA", "ZA"],
    ["Czech Republic", "CZ"],
    ["Hong Kong", "HK"],
    ["Côte d’Ivoire", "CI"],
    ["Turkey", "TR"],
    ["  germany ", "DE"],
  ])("knows %s as %s", (value, code) => {
    expect(resolveCountry(value)).toBe(code);
  });

  it.each(["Unspecified", "European Community", "(none)", "EU", "ZZ", "999", "", "X"])(
    "knows %j as no country",
    (value) => {
      expect(resolveCountry(value)).toBeUndefined();
    },
  );

  it("makes a code or nothing of any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const code = resolveCountry(text);
        expect(code === undefined || /^[A-Z]{2}$/.test(code)).toBe(true);
      }),
    );
  });
});

describe("salesByCountry", () => {
  it("adds the spellings of a country up exactly and keeps what is no country", () => {
    const rows = [row("United Kingdom", "0.1"), row("GB", "0.2"), row("Unspecified", "0.05")];
    expect(salesByCountry(rows)).toEqual([
      { code: "GB", name: expect.any(String), net: "0.3", orders: 2 },
      { code: undefined, name: "Unspecified", net: "0.05", orders: 1 },
    ]);
  });
});

function row(value: string, net: `${number}`) {
  const amounts = {
    gross: net,
    net,
    refunded: "0",
    adjustments: "0",
    averageOrderValue: net,
  } as const;
  return { value, ...amounts, orders: 1, units: 1 };
}
