import type { Column, FileInput } from "@ecap/sdk";
import { isStream, parquetParts, type RowSource } from "../files/row-source.ts";
import { engineOf, type TableContext } from "../table/table-context.ts";

/** The name that SQL puts before the columns of rows that were given. */
export const source = "source";

/** The columns as held rows have them: what may be NULL is checked when rows of the table are written. */
export function heldColumns(columns: readonly Column[]): readonly Column[] {
  return columns.map(({ name, type }) => ({ name, type }));
}

/** Rows that the engine holds until they are released. */
export interface HeldRows {
  readonly input: FileInput;
  readonly count: number;
  release(): Promise<void>;
}

export async function holdRows(
  table: TableContext,
  given: readonly Column[],
  rows: RowSource,
): Promise<HeldRows> {
  const columns = heldColumns(given);
  const stream = isStream(rows) ? rows : once(rows);
  let count = 0;
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    for await (const part of parquetParts(table.codec, columns, stream)) {
      count += part.rows;
      yield part.bytes;
    }
  };
  const held = await engineOf(table).hold(parts());
  const input = { name: source, columns, partitionBy: [], files: [], held };
  return { input, count, release: () => held.release() };
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
