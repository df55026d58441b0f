import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeRoaringBitmap } from "../../src/format/roaring-bitmap.ts";
import { encodeNativeBitmap, encodeRoaringBitmap } from "./encode-roaring-bitmap.ts";

const bucket = 2 ** 32;

describe("decodeRoaringBitmap", () => {
  it.each<[string, number[]]>([
    ["nothing", []],
    ["one value", [0]],
    ["the bounds of containers", [0, 65_535, 65_536, 131_071, bucket - 1]],
    ["values past 32 bits", [1, bucket, 5 * bucket + 7, 2 ** 53 - 1]],
    ["a full container", Array.from({ length: 65_536 }, (_, i) => i)],
    ["as many values as an array holds", Array.from({ length: 4_096 }, (_, i) => i * 3)],
    ["one more", Array.from({ length: 4_097 }, (_, i) => i * 3)],
    ["five containers", Array.from({ length: 5 }, (_, i) => i * 65_536 + i)],
  ])("gives back %s in each encoding", (_, values) => {
    for (const withRuns of [false, true]) {
      const decoded = decodeRoaringBitmap(encodeRoaringBitmap(values, withRuns));
      expect([...decoded.values()]).toEqual(values);
      expect(decoded.count).toBe(values.length);
      expect(decoded.greatest).toBe(values.at(-1) ?? -1);
    }
  });

  it("takes the form from before the specification too", () => {
    const values = [0, 70_000, 2 ** 32 - 1];
    expect([...decodeRoaringBitmap(encodeNativeBitmap(values)).values()]).toEqual(values);
  });

  it("gives back any set (property)", () => {
    const runs = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 2 ** 34 }), fc.integer({ min: 1, max: 9_000 })),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(runs, fc.boolean(), (given, withRuns) => {
        const set = new Set(
          given.flatMap(([first, length]) => Array.from({ length }, (_, i) => first + i)),
        );
        const values = [...set].toSorted((a, b) => a - b);
        const decoded = decodeRoaringBitmap(encodeRoaringBitmap(values, withRuns));
        expect([...decoded.values()]).toEqual(values);
      }),
      { numRuns: 50 },
    );
  });

  it("refuses every prefix of a bitmap", () => {
    const bytes = encodeRoaringBitmap([1, 2, 3, 70_000], true);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeRoaringBitmap(bytes.subarray(0, length))).toThrow();
    }
  });
});
