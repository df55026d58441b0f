import type { Clock, FileEngine, FileInput, ObjectStore, RowConstraint } from "@ecap/sdk";
import type { AddAction } from "../format/actions.ts";
import { addStatistics } from "./add-statistics.ts";
import { rowConstraints } from "./constraints.ts";
import { storeQuery } from "./store-query.ts";
import { type Definition, fileColumns } from "./table-fields.ts";

export interface WriteQueryOptions {
  readonly engine: FileEngine;
  readonly objects: ObjectStore;
  readonly root: string;
  readonly clock: Clock;
  readonly definition: Definition;
  /** What every row must satisfy beside the constraints of the table. */
  readonly others?: readonly RowConstraint[];
  /** A column of the query's result by which files are split, which is not written. */
  readonly splitBy?: string | undefined;
}

/**
 * Writes the rows of a query, which gives every column of the table, as data files. Every row is checked against the constraints of the table;
 * where one breaks them no file stays.
 */
export async function writeQuery(
  options: WriteQueryOptions,
  sql: string,
  inputs: readonly FileInput[],
): Promise<AddAction[]> {
  const { engine, objects, root, clock, definition, others = [], splitBy } = options;
  const columns = fileColumns(definition);
  const partitionBy = definition.metaData.partitionColumns;
  const constraints = [...rowConstraints(definition.metaData), ...others];
  const inFiles = columns.filter(({ name }) => !partitionBy.includes(name));
  const split = splitBy === undefined ? {} : { splitBy };
  const output = { columns, partitionBy, constraints, ...split };
  const stored = await storeQuery({ engine, objects, root }, { sql, inputs }, output);
  const modificationTime = clock.now();
  return stored.map((file) => ({
    path: file.path,
    partitionValues: file.partition,
    size: file.size,
    modificationTime,
    dataChange: true,
    stats: addStatistics(file, inFiles),
  }));
}
