import { randomUUID } from "node:crypto";
import type { Clock, FileEngine, FileInput, ObjectStore, RowConstraint } from "@ecap/sdk";
import { partitionFolder } from "../columns/partition-value.ts";
import type { AddAction } from "../format/actions.ts";
import { addStatistics } from "./add-statistics.ts";
import { rowConstraints } from "./constraints.ts";
import { type Definition, fileColumns } from "./table-fields.ts";
import { deleteQuietly } from "./write-files.ts";

export interface WriteQueryOptions {
  readonly engine: FileEngine;
  readonly objects: ObjectStore;
  readonly root: string;
  readonly clock: Clock;
  readonly definition: Definition;
  /** What every row must satisfy beside the constraints of the table. */
  readonly others?: readonly RowConstraint[];
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
  const { engine, objects, root, clock, definition, others = [] } = options;
  const columns = fileColumns(definition);
  const partitionBy = definition.metaData.partitionColumns;
  const constraints = [...rowConstraints(definition.metaData), ...others];
  const inFiles = columns.filter(({ name }) => !partitionBy.includes(name));
  const adds: AddAction[] = [];
  try {
    for await (const file of engine.write(sql, inputs, { columns, partitionBy, constraints })) {
      const path = `${partitionFolder(file.partition)}part-00000-${randomUUID()}-c000.${file.extension}`;
      const bytes = await file.bytes();
      adds.push({
        path,
        partitionValues: file.partition,
        size: bytes.length,
        modificationTime: clock.now(),
        dataChange: true,
        stats: addStatistics(file, inFiles),
      });
      await objects.put(root + path, bytes);
    }
    return adds;
  } catch (error) {
    await deleteQuietly(
      objects,
      adds.map((add) => root + add.path),
    );
    throw error;
  }
}
