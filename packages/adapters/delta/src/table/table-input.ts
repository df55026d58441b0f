import type { FileInput } from "@ecap/sdk";
import type { Definition } from "../files/table-fields.ts";
import type { AddAction } from "../format/actions.ts";
import { parseSchema } from "../format/schema.ts";
import { placeOf, type TableContext } from "./table-context.ts";
import { tableFile } from "./table-snapshot.ts";

/** The name that SQL of an operation may put before the columns of the table. */
export const target = "target";

/** Files of the table as an input of a query. */
export function tableInput(
  table: TableContext,
  definition: Definition,
  files: readonly AddAction[],
): FileInput {
  const schema = parseSchema(definition);
  const place = placeOf(table);
  return {
    name: target,
    columns: schema.columns,
    partitionBy: definition.metaData.partitionColumns,
    files: files.map((add) => tableFile(place, schema, add)),
  };
}
