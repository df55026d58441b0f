import { EcapError } from "@ecap/sdk";
import { checkConstraints } from "../files/constraints.ts";
import { typeName } from "../format/column-type.ts";
import { parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";
import { checkWritable } from "./writable.ts";

/** Throws ECAP_TABLE_CONFLICT unless files written for one state of the table fit a later one, which may have more nullable columns. */
export function checkStillFits(table: string, before: TableState, now: TableState): void {
  if (before.metaData === now.metaData && before.protocol === now.protocol) return;
  checkWritable(now);
  const [old, current] = [parseSchema(before), parseSchema(now)];
  const columns = new Map(current.columns.map((column) => [column.name, column]));
  const known = new Set(old.columns.map((column) => column.name));
  const holds = old.columns.every(({ name, type, nullable, physicalName }) => {
    const column = columns.get(name);
    return (
      column !== undefined &&
      typeName(column.type) === typeName(type) &&
      (column.nullable ?? true) >= (nullable ?? true) &&
      column.physicalName === physicalName
    );
  });
  const fits =
    before.metaData.id === now.metaData.id &&
    old.partitionBy?.join("\n") === current.partitionBy?.join("\n") &&
    JSON.stringify(checkConstraints(before.metaData)) ===
      JSON.stringify(checkConstraints(now.metaData)) &&
    holds &&
    current.columns.every(({ name, nullable }) => known.has(name) || nullable !== false);
  if (fits) return;
  throw new EcapError("ECAP_TABLE_CONFLICT", `Table ${table} was changed meanwhile`, {
    received: "metadata-changed",
  });
}
