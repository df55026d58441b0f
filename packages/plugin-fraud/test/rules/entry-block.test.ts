import * as fc from "fast-check";
import { expect, test } from "vitest";
import { blockCount, blockOf, packBlock, type Term } from "../../src/rules/lists/entry-block.ts";

const time = fc.integer({ min: 0, max: 100 });
const term = fc.tuple(time, fc.option(time)) as fc.Arbitrary<Term>;
const value = fc.oneof(fc.constantFrom("a", "b", "__proto__", ""), fc.string({ unit: "binary" }));

test("a packed block says what its entries say, at every time", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(value, term), { maxLength: 50 }),
      value,
      time,
      (entries, other, at) => {
        const stored = Object.fromEntries(entries);
        const block = packBlock(stored);
        for (const sought of [...entries.map(([each]) => each), other]) {
          const own = Object.hasOwn(stored, sought) ? stored[sought] : undefined;
          const [from = Infinity, until = null] = own ?? [];
          expect(block.has(sought, at)).toBe(from <= at && (until === null || at < until));
        }
      },
    ),
  );
});

test("values spread over the blocks evenly", () => {
  const sizes = new Uint32Array(blockCount);
  for (let i = 0; i < 200_000; i += 1) {
    const block = blockOf(`card-${i}`);
    sizes[block] = (sizes[block] ?? 0) + 1;
  }
  expect(Math.max(...sizes)).toBeLessThan(300);
  expect(Math.min(...sizes)).toBeGreaterThan(110);
});
