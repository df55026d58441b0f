import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filePortions, portionBytes } from "../src/reader/file-portions.ts";

describe("portions of a table's files", () => {
  it("hold every file once in order, within their bytes, the first alone", () => {
    const sizes = fc.array(fc.integer({ min: 0, max: portionBytes * 2 }), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, (given) => {
        const files = given.map((size, i) => ({ key: `${i}`, size }));
        const portions = [...filePortions(files)];
        expect(portions.flat()).toEqual(files);
        expect(portions[0]).toHaveLength(Math.min(files.length, 1));
        for (const portion of portions) {
          const bytes = portion.reduce((sum, { size }) => sum + size, 0);
          expect(portion.length === 1 || bytes <= portionBytes).toBe(true);
        }
      }),
    );
  });

  it("are one of no files where there are none", () => {
    expect([...filePortions([])]).toEqual([[]]);
  });
});
