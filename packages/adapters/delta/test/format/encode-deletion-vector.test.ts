import * as fc from "fast-check";
import { expect, it } from "vitest";
import {
  decodeDeletionVector,
  deletionVectorPath,
  deletionVectorRange,
} from "../../src/format/deletion-vector.ts";
import { encodeDeletionVector } from "../../src/format/encode-deletion-vector.ts";
import { decodeZ85, encodeZ85 } from "../../src/format/z85.ts";

const ascending = (values: Iterable<number>) => [...new Set(values)].toSorted((a, b) => a - b);

it("decodes to the positions it was made of (property)", () => {
  const sparse = fc.uniqueArray(fc.nat({ max: 2 ** 32 - 1 }), { minLength: 1 });
  const dense = fc
    .tuple(fc.nat({ max: 200_000 }), fc.integer({ min: 4_000, max: 70_000 }))
    .map(([from, size]) => Array.from({ length: size }, (_, i) => from + i));
  fc.assert(
    fc.property(fc.oneof(sparse, dense), (values) => {
      const positions = ascending(values);
      const { vector, path, bytes } = encodeDeletionVector(positions);
      const { start, end } = deletionVectorRange(vector);
      expect(end).toBe(bytes.length);
      expect(deletionVectorPath(vector)).toBe(path);
      const decoded = decodeDeletionVector(vector, Uint8Array.from(bytes.subarray(start, end)));
      expect([...decoded.values()]).toEqual(positions);
    }),
    { numRuns: 30 },
  );
});

it("names every vector otherwise, by a text that is a UUID", () => {
  const paths = [encodeDeletionVector([1]), encodeDeletionVector([1])].map(({ path }) => path);
  expect(paths[0]).not.toBe(paths[1]);
  expect(paths[0]).toMatch(/^deletion_vector_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.bin$/);
});

it("writes Z85 that reads back (property)", () => {
  const bytes = fc
    .uint8Array({ minLength: 4, maxLength: 40 })
    .map((all) => all.slice(0, all.length - (all.length % 4)));
  fc.assert(
    fc.property(bytes, (all) => {
      expect(decodeZ85(encodeZ85(all))).toEqual(all);
    }),
  );
});
