import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  type DeletionVector,
  decodeDeletionVector,
  deletionVectorPath,
  deletionVectorRange,
  logicalFileKey,
} from "../../src/format/deletion-vector.ts";
import { encodeRoaringBitmap } from "./encode-roaring-bitmap.ts";

const rows = [3, 4, 7, 11, 18, 29];
const inline: DeletionVector = {
  storageType: "i",
  pathOrInlineDv: encodeZ85(encodeRoaringBitmap(rows, false)),
  sizeInBytes: encodeRoaringBitmap(rows, false).length,
  cardinality: 6,
};
/** The example of the protocol. */
const inFile: DeletionVector = {
  storageType: "u",
  pathOrInlineDv: "ab^-aqEH.-t@S}K{vb[*k^",
  offset: 4,
  sizeInBytes: 40,
  cardinality: 6,
};

/** @see https://rfc.zeromq.org/spec/32/ */
function encodeZ85(bytes: Uint8Array): string {
  const alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
  const padded = Buffer.concat([bytes], Math.ceil(bytes.length / 4) * 4);
  let text = "";
  for (let at = 0; at < padded.length; at += 4) {
    const word = padded.readUInt32BE(at);
    for (let power = 4; power >= 0; power--) {
      text += alphabet.charAt(Math.floor(word / 85 ** power) % 85);
    }
  }
  return text;
}

const golden = fileURLToPath(
  new URL(
    "../../../../../../shared/data/delta_golden/dv-with-columnmapping/delta",
    import.meta.url,
  ),
);

describe("a deletion vector", () => {
  it("in the log decodes", () => {
    expect([...decodeDeletionVector(inline).values()]).toEqual(rows);
  });

  it("in the protocol's own example has its bytes in the wrong order, which no reader takes", () => {
    const pathOrInlineDv = "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L";
    const example = { ...inline, pathOrInlineDv, sizeInBytes: 40 };
    expect(() => decodeDeletionVector(example)).toThrow("not a RoaringBitmapArray");
  });

  it("in a file is found by its UUID, with the folder before it", () => {
    const uuid = "d2c639aa-8816-431a-aaf6-d3fe2512ff61";
    expect(deletionVectorPath(inFile)).toBe(`ab/deletion_vector_${uuid}.bin`);
    expect(deletionVectorPath({ ...inFile, pathOrInlineDv: inFile.pathOrInlineDv.slice(2) })).toBe(
      `deletion_vector_${uuid}.bin`,
    );
    expect(
      deletionVectorPath({ ...inFile, storageType: "p", pathOrInlineDv: "file:/t/a%20b" }),
    ).toBe("/t/a b");
    expect(deletionVectorPath(inline)).toBeUndefined();
    expect(deletionVectorRange(inFile)).toEqual({ start: 4, end: 52 });
  });

  it("tells logical files of one data file apart", () => {
    const keys = [{ path: "a" }, { path: "a", deletionVector: inFile }].map(logicalFileKey);
    const moved = { ...inFile, offset: 44 };
    expect(new Set([...keys, logicalFileKey({ path: "a", deletionVector: moved })]).size).toBe(3);
  });

  it("that says another number of rows than it holds is wrong", () => {
    expect(() => decodeDeletionVector({ ...inline, cardinality: 7 })).toThrow("6 rows, not 7");
    expect(() => decodeDeletionVector({ ...inline, pathOrInlineDv: "wi5b" })).toThrow(TypeError);
  });

  it.skipIf(!existsSync(golden))("of a golden table decodes, unless a bit of it is flipped", () => {
    const commit = readFileSync(join(golden, "_delta_log/00000000000000000001.json"), "utf8");
    const add = commit.split("\n").find((line) => line.startsWith('{"add"')) ?? "{}";
    const { deletionVector } = (JSON.parse(add) as { add: { deletionVector: DeletionVector } }).add;
    const bytes = readFileSync(join(golden, deletionVectorPath(deletionVector) ?? ""));
    const { start, end } = deletionVectorRange(deletionVector);
    const range = Uint8Array.from(bytes.subarray(start, end));
    expect([...decodeDeletionVector(deletionVector, range).values()]).toHaveLength(1);
    for (const at of range.keys()) {
      const flipped = range.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(() => decodeDeletionVector(deletionVector, flipped)).toThrow();
    }
  });
});
