import type { Column, FileInput, Row } from "@ecap/sdk";
import { encodeFiles } from "../files/write-files.ts";
import type { TableContext } from "../table/table-context.ts";

/** The name that SQL of a merge puts before the columns of the rows merged in. */
export const source = "source";

/** The rows as Parquet in memory, with the columns given or those of the table. */
export async function mergeSource(
  { codec }: TableContext,
  tableColumns: readonly Column[],
  { rows, columns: given }: { readonly rows: readonly Row[]; readonly columns?: readonly Column[] },
): Promise<FileInput> {
  // Rows may lack a column that an insert does not need, so NULL is checked when the table's rows are written.
  const columns = (given ?? tableColumns).map(({ name, type }) => ({ name, type }));
  const files = await encodeFiles({ columns, partitionBy: [] }, codec, rows);
  return {
    name: source,
    columns,
    partitionBy: [],
    files: [],
    buffers: await Promise.all(files.map((file) => file.bytes)),
  };
}
