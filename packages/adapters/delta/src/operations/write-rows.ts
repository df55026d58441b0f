import { EcapError, type RowConstraint } from "@ecap/sdk";
import { checkConstraints } from "../files/constraints.ts";
import { isStream, type RowSource } from "../files/row-source.ts";
import { holds } from "../files/sql-text.ts";
import type { Definition } from "../files/table-fields.ts";
import { deleteQuietly, writeFiles } from "../files/write-files.ts";
import type { AddAction } from "../format/actions.ts";
import { engineOf, type TableContext } from "../table/table-context.ts";
import { tableInput, target } from "../table/table-input.ts";
import { writeStream } from "./write-stream.ts";

/** Writes rows as data files of the table, checked against its schema, its constraints and `others`; where one is broken no file stays. */
export async function writeRows(
  table: TableContext,
  definition: Definition,
  rows: RowSource,
  others: readonly RowConstraint[] = [],
): Promise<AddAction[]> {
  if (isStream(rows)) return writeStream(table, definition, rows, others);
  const { objects, codec, root, clock } = table;
  const adds = await writeFiles({ objects, codec, root, definition, now: clock.now() }, rows);
  try {
    const constraints = [...checkConstraints(definition.metaData), ...others];
    await checkFiles(table, definition, adds, constraints);
    return adds;
  } catch (error) {
    await deleteQuietly(
      objects,
      adds.map((add) => root + add.path),
    );
    throw error;
  }
}

/** Throws ECAP_TABLE_SCHEMA, naming the constraint, where rows of the files break one. */
export async function checkFiles(
  table: TableContext,
  definition: Definition,
  files: readonly AddAction[],
  constraints: readonly RowConstraint[],
): Promise<void> {
  if (constraints.length === 0 || files.length === 0) return;
  const counts = constraints.map(
    ({ condition }, i) => `count(*) FILTER (WHERE NOT ${holds(condition)}) AS broken${i}`,
  );
  const sql = `SELECT ${counts.join(", ")} FROM ${target}`;
  const [result = {}] = await engineOf(table).query(sql, [tableInput(table, definition, files)]);
  for (const [i, { name, condition }] of constraints.entries()) {
    const broken = Number(result[`broken${i}`]);
    if (broken === 0) continue;
    throw new EcapError(
      "ECAP_TABLE_SCHEMA",
      `${broken} rows break the constraint ${name}: ${condition}`,
      { path: name },
    );
  }
}
