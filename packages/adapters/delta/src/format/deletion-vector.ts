import { crc32 } from "node:zlib";
import { decodePath } from "./data-path.ts";
import { type JsonRecord, optional, required } from "./json-fields.ts";
import { decodeRoaringBitmap, type RoaringBitmap } from "./roaring-bitmap.ts";
import { decodeZ85 } from "./z85.ts";

/**
 * Says where the positions of a file's deleted rows are kept.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-descriptor-schema
 */
export interface DeletionVector {
  /** `u`: a file of the table named by a UUID; `i`: in the text itself; `p`: a file at an absolute path. */
  readonly storageType: "u" | "i" | "p";
  readonly pathOrInlineDv: string;
  /** Where in the file it begins; absent where it is inline. */
  readonly offset?: number;
  readonly sizeInBytes: number;
  /** Rows it deletes. */
  readonly cardinality: number;
}

export function parseDeletionVector(body: JsonRecord): DeletionVector {
  const storageType = required(body, "storageType", "string");
  if (storageType !== "u" && storageType !== "i" && storageType !== "p") {
    throw new TypeError(`a deletion vector is stored as ${storageType}`);
  }
  const offset = optional(body, "offset", "number");
  return {
    storageType,
    pathOrInlineDv: required(body, "pathOrInlineDv", "string"),
    ...(offset === undefined ? {} : { offset }),
    sizeInBytes: required(body, "sizeInBytes", "number"),
    cardinality: required(body, "cardinality", "number"),
  };
}

/** Tells one deletion vector of a file from another. */
function uniqueId({ storageType, pathOrInlineDv, offset }: DeletionVector): string {
  return `${storageType}${pathOrInlineDv}${offset === undefined ? "" : `@${offset}`}`;
}

/** Key of a logical file: a data file together with the rows deleted from it. */
export function logicalFileKey(action: {
  readonly path: string;
  readonly deletionVector?: DeletionVector;
}): string {
  const { path, deletionVector } = action;
  // No path of a file holds a NUL, so keys of different files never meet.
  return deletionVector ? `${path}\0${uniqueId(deletionVector)}` : path;
}

/** Characters of a UUID in base 85, and what may stand before them: a folder. */
const uuidLength = 20;

/** Path of the file that holds the vector; undefined where it is inline. Throws a TypeError where there is no path in it. */
export function deletionVectorPath({
  storageType,
  pathOrInlineDv,
}: DeletionVector): string | undefined {
  if (storageType === "i") return undefined;
  if (storageType === "p") return decodePath(pathOrInlineDv);
  if (pathOrInlineDv.length < uuidLength) throw new TypeError("it is named by no UUID");
  const folder = pathOrInlineDv.slice(0, -uuidLength);
  const hex = Buffer.from(decodeZ85(pathOrInlineDv.slice(-uuidLength))).toString("hex");
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  return `${folder === "" ? "" : `${folder}/`}deletion_vector_${uuid}.bin`;
}

/** Bytes that a file holds around each vector: its size before it, a checksum after it. */
const framing = 4;

/** Where in its file the vector lies, framing included. */
export function deletionVectorRange({ offset = 0, sizeInBytes }: DeletionVector): {
  readonly start: number;
  readonly end: number;
} {
  return { start: offset, end: offset + framing + sizeInBytes + framing };
}

/**
 * The positions of deleted rows: of an inline vector, or of one whose range of its file is given.
 * Throws a TypeError or RangeError where the bytes are not what the descriptor says.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-file-storage-format
 */
export function decodeDeletionVector(vector: DeletionVector, range?: Uint8Array): RoaringBitmap {
  const bytes = range ? unframed(vector, range) : inlineBytes(vector);
  const positions = decodeRoaringBitmap(bytes);
  if (positions.count !== vector.cardinality) {
    throw new TypeError(`it holds ${positions.count} rows, not ${vector.cardinality}`);
  }
  return positions;
}

function inlineBytes({ pathOrInlineDv, sizeInBytes }: DeletionVector): Uint8Array {
  return decodeZ85(pathOrInlineDv).subarray(0, sizeInBytes);
}

function unframed({ sizeInBytes }: DeletionVector, range: Uint8Array): Uint8Array {
  const view = new DataView(range.buffer, range.byteOffset, range.byteLength);
  const size = view.getUint32(0);
  if (size !== sizeInBytes) throw new TypeError(`it has ${size} bytes, not ${sizeInBytes}`);
  const bytes = range.subarray(framing, framing + size);
  if (crc32(bytes) !== view.getUint32(framing + size)) throw new TypeError("its checksum is wrong");
  return bytes;
}
