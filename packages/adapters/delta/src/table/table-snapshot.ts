import type { TableFile, TableSnapshot } from "@ecap/sdk";
import type { AddAction } from "../format/actions.ts";
import { type FileStatistics, parseStatistics } from "../format/file-statistics.ts";
import { type ParsedSchema, parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";
import { deletedRows } from "./deleted-rows.ts";
import { keyOf, type TablePlace } from "./table-place.ts";

const snapshots = new WeakMap<TableState, TableSnapshot>();
const files = new WeakMap<AddAction, { readonly schema: ParsedSchema; readonly file: TableFile }>();

/** The state as the port shows it; made once a state, its files once a file and schema. */
export function tableSnapshot(place: TablePlace, state: TableState): TableSnapshot {
  const known = snapshots.get(state);
  if (known) return known;
  const schema = parseSchema(state);
  const snapshot: TableSnapshot = {
    table: place.table,
    version: state.version,
    timestamp: state.timestamp,
    schema: { columns: schema.columns, partitionBy: schema.partitionBy ?? [] },
    files: [...state.files.values()].map((add) => tableFile(place, schema, add)),
    transactions: new Map([...state.transactions].map(([appId, txn]) => [appId, txn.version])),
  };
  snapshots.set(state, snapshot);
  return snapshot;
}

/** A file as the port shows it. */
export function tableFile(place: TablePlace, schema: ParsedSchema, add: AddAction): TableFile {
  const known = files.get(add);
  if (known?.schema === schema) return known.file;
  const file = makeFile(place, schema, add);
  files.set(add, { schema, file });
  return file;
}

/** Statistics are parsed when somebody asks for them: a table may have very many files. */
function makeFile(place: TablePlace, schema: ParsedSchema, add: AddAction): TableFile {
  let parsed: FileStatistics | undefined;
  let held: readonly string[] | undefined;
  const statistics = () => (parsed ??= parseStatistics(add.stats, schema.columns));
  return {
    key: keyOf(place, add.path),
    size: add.size,
    partition: partitionOf(schema, add),
    get rows() {
      return statistics().rows;
    },
    get min() {
      return statistics().min;
    },
    get max() {
      return statistics().max;
    },
    get columns() {
      return (held ??= surelyHeld(schema, Object.keys(statistics().nullCount ?? {})));
    },
    ...(add.deletionVector?.cardinality
      ? { deleted: deletedRows(place, add.deletionVector, statistics().rows) }
      : {}),
  };
}

/** The protocol reads an empty partition value as NULL. */
function partitionOf({ columns, partitionBy = [] }: ParsedSchema, add: AddAction) {
  const entries = partitionBy.map((name): [string, string | null] => {
    const physicalName = columns.find((column) => column.name === name)?.physicalName ?? name;
    return [name, add.partitionValues[physicalName] || null];
  });
  return Object.fromEntries(entries);
}

/** Of columns with statistics, those that the file holds just as the schema says: neither narrower nor, in a nested type, without some field. */
function surelyHeld({ columns, widened }: ParsedSchema, counted: readonly string[]): string[] {
  const names = new Set(counted);
  return columns
    .filter(({ name, type }) => names.has(name) && typeof type === "string" && !widened.has(name))
    .map(({ name }) => name);
}
