import { compareObjectKeys } from "@ecap/sdk";
import * as fc from "fast-check";
import { expect, it } from "vitest";

it("orders as the UTF-8 bytes do (property)", () => {
  const wellFormed = fc.string({ unit: "grapheme" }).filter((s) => !/\p{Surrogate}/u.test(s));
  fc.assert(
    fc.property(wellFormed, wellFormed, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareObjectKeys(a, b))).toBe(expected);
    }),
    {
      examples: [
        ["\uffee", "😀"],
        ["a", "a/"],
      ],
    },
  );
});
