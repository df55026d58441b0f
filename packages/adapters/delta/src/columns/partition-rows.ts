import { type Cell, EcapError, type FileColumn, type Row } from "@ecap/sdk";
import { typeName } from "../format/column-type.ts";
import type { RowGroup } from "./built-column.ts";
import { partitionValue } from "./partition-value.ts";

export interface Partition extends RowGroup {
  /** By the names that data files know. */
  readonly values: Readonly<Record<string, string | null>>;
  readonly rows: Row[];
  readonly indexes: number[];
}

type Tree = Map<Cell, Tree | Partition>;

/** Rows by partition, each group with at most `maxRows`, in the order the partitions first appear. */
export function partitionRows(
  rows: readonly Row[],
  partitionBy: readonly FileColumn[],
  maxRows: number,
): Partition[] {
  const partitions: Partition[] = [];
  const open: Tree = new Map();
  const names = partitionBy.map((column) => column.name);
  const lastName = names.at(-1);

  for (const [index, row] of rows.entries()) {
    let tree = open;
    for (const name of names) {
      if (name === lastName) break;
      tree = branch(tree, row[name]);
    }
    const key = lastName === undefined ? undefined : row[lastName];
    let partition = tree.get(key);
    if (partition === undefined || partition instanceof Map || partition.rows.length >= maxRows) {
      partition = { values: partitionValues(partitionBy, row, index), rows: [], indexes: [] };
      tree.set(key, partition);
      partitions.push(partition);
    }
    partition.rows.push(row);
    partition.indexes.push(index);
  }
  return partitions;
}

function branch(tree: Tree, key: Cell): Tree {
  const known = tree.get(key);
  if (known instanceof Map) return known;
  const made: Tree = new Map();
  tree.set(key, made);
  return made;
}

function partitionValues(
  partitionBy: readonly FileColumn[],
  row: Row,
  index: number,
): Record<string, string | null> {
  const entries = partitionBy.map((column): [string, string | null] => {
    const value = partitionValue(column, row[column.name]);
    if (value === undefined) {
      const message = `Row ${index}, column ${column.name}: not a ${typeName(column.type)} to partition by`;
      throw new EcapError("ECAP_TABLE_SCHEMA", message, { path: column.name });
    }
    return [column.physicalName ?? column.name, value];
  });
  return Object.fromEntries(entries);
}
