import { type DeletedRows, EcapError } from "@ecap/sdk";

/** DuckDB counts bits in 32. */
const maxPosition = 2 ** 31 - 2;
/** Positions that are named one by one; more make a bitmap. */
const maxNamed = 100;

/** A condition on `file_row_number` that holds for the rows that are left. It is part of the text, so the view needs nothing beside it. */
export async function notDeleted(deleted: DeletedRows): Promise<string> {
  const positions = await deleted.positions();
  if (deleted.count <= maxNamed) return `file_row_number NOT IN (${[...positions].join(", ")})`;
  const { bytes, length } = bitmap(positions);
  // Rows past the last deleted one look at the bit after it, which is clear.
  return `get_bit(from_base64('${bytes.toString("base64")}')::BIT, least(file_row_number, ${length - 1})::INTEGER) = 0`;
}

/** The positions as set bits, the first bit of a byte being its highest, with one clear bit after the last. */
function bitmap(positions: Iterable<number>): { readonly bytes: Buffer; readonly length: number } {
  let bytes = Buffer.alloc(1_024);
  let last = -1;
  for (const position of positions) {
    if (position > maxPosition) {
      throw new EcapError("ECAP_TABLE_UNSUPPORTED", `A file's row ${position} is deleted`);
    }
    const at = position >> 3;
    if (at + 1 >= bytes.length) bytes = Buffer.concat([bytes], Math.max(at + 2, bytes.length * 2));
    bytes[at] = (bytes[at] ?? 0) | (0x80 >> (position & 7));
    last = position;
  }
  const length = last + 2;
  return { bytes: bytes.subarray(0, (length + 7) >> 3), length };
}
