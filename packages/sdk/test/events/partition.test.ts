import { murmur2, partitionOf } from "@ecap/sdk";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("murmur2", () => {
  // The cases of Kafka's own UtilsTest.testMurmur2.
  it.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("hashes %s as Kafka does", (text, hash) => {
    expect(murmur2(text)).toBe(hash);
  });

  it("names a partition of the topic for any key", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.integer({ min: 1, max: 64 }),
        (key, partitions) => {
          const partition = partitionOf(key, partitions);
          expect(partition).toBeGreaterThanOrEqual(0);
          expect(partition).toBeLessThan(partitions);
          expect(partitionOf(key, partitions)).toBe(partition);
        },
      ),
    );
  });
});
