import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRoute, pages, parseRoute } from "../../src/routing/route.ts";

describe("routes", () => {
  it("lead to the executive page where they are unknown", () => {
    expect(parseRoute("")).toEqual({ page: "executive", parameters: {} });
    expect(parseRoute("#/nowhere?a=1")).toEqual({ page: "executive", parameters: { a: "1" } });
    expect(parseRoute("#/live")).toEqual({ page: "live", parameters: {} });
  });

  it("are read as they were written", () => {
    const text = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(fc.constantFrom(...pages), fc.uniqueArray(text), text, (page, names, value) => {
        const parameters = Object.fromEntries(names.map((name) => [name, value]));
        expect(parseRoute(formatRoute({ page, parameters }))).toEqual({ page, parameters });
      }),
    );
  });
});
