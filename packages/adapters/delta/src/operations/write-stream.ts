import type { RowConstraint } from "@ecap/sdk";
import { maxBatchBytes } from "../files/file-actions.ts";
import { parquetParts, type RowStream } from "../files/row-source.ts";
import { quoted } from "../files/sql-text.ts";
import type { Definition } from "../files/table-fields.ts";
import { deleteQuietly } from "../files/write-files.ts";
import { writeQuery } from "../files/write-query.ts";
import type { AddAction } from "../format/actions.ts";
import { parseSchema } from "../format/schema.ts";
import { engineOf, type TableContext } from "../table/table-context.ts";
import { heldColumns, source } from "./held-rows.ts";

/** Writes rows as they come as data files; those of one query are held meanwhile, which bounds memory. Where one breaks a constraint no file stays. */
export async function writeStream(
  table: TableContext,
  definition: Definition,
  rows: RowStream,
  others: readonly RowConstraint[],
): Promise<AddAction[]> {
  const { objects, root, codec } = table;
  const engine = engineOf(table);
  const columns = heldColumns(parseSchema(definition).columns);
  const sql = `SELECT ${columns.map(({ name }) => quoted(name)).join(", ")} FROM ${source}`;
  const parts = parquetParts(codec, columns, rows);
  const adds: AddAction[] = [];
  try {
    for (;;) {
      const held = await engine.hold(upTo(parts, maxBatchBytes));
      try {
        if (held.paths.length === 0) return adds;
        const input = { name: source, columns, partitionBy: [], files: [], held };
        const options = { ...table, engine, definition, others };
        adds.push(...(await writeQuery(options, sql, [input])));
      } finally {
        await held.release();
      }
    }
  } catch (error) {
    await parts.return(undefined);
    await deleteQuietly(
      objects,
      adds.map((add) => root + add.path),
    );
    throw error;
  }
}

/** Takes of the parts until they have so many bytes, and leaves the others for the next. */
async function* upTo(
  parts: ReturnType<typeof parquetParts>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  for (let bytes = 0; bytes < maxBytes; ) {
    const next = await parts.next();
    if (next.done) return;
    bytes += next.value.bytes.length;
    yield next.value.bytes;
  }
}
