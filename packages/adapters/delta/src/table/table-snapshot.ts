import type { DeletedRows, TableFile, TableSnapshot } from "@ecap/sdk";
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
  const file = new SnapshotFile(place, schema, add);
  files.set(add, { schema, file });
  return file;
}

/** Statistics are parsed when somebody asks for them: a table may have very many files. */
class SnapshotFile implements TableFile {
  readonly key: string;
  readonly size: number;
  readonly partition: Partition;
  readonly deleted?: DeletedRows;
  private readonly add: AddAction;
  private readonly schema: ParsedSchema;
  private parsed: FileStatistics | undefined;
  private held: readonly string[] | undefined;

  constructor(place: TablePlace, schema: ParsedSchema, add: AddAction) {
    this.key = keyOf(place, add.path);
    this.size = add.size;
    this.partition = partitionOf(schema, add);
    this.add = add;
    this.schema = schema;
    this.parsed = undefined;
    this.held = undefined;
    if (add.deletionVector?.cardinality) {
      this.deleted = deletedRows(place, add.deletionVector, this.rows);
    }
  }

  get rows(): number | undefined {
    return this.statistics().rows;
  }

  get min(): FileStatistics["min"] {
    return this.statistics().min;
  }

  get max(): FileStatistics["max"] {
    return this.statistics().max;
  }

  get columns(): readonly string[] {
    const counted = Object.keys(this.statistics().nullCount ?? {});
    return (this.held ??= surelyHeld(this.schema, counted));
  }

  private statistics(): FileStatistics {
    return (this.parsed ??= parseStatistics(this.add.stats, this.schema.columns));
  }
}

type Partition = TableFile["partition"];
const partitions = new WeakMap<
  AddAction["partitionValues"],
  { readonly schema: ParsedSchema; readonly partition: Partition }
>();

/** Values by the table's names; made once where files share theirs. */
function partitionOf(schema: ParsedSchema, { partitionValues }: AddAction): Partition {
  const known = partitions.get(partitionValues);
  if (known?.schema === schema) return known.partition;
  const partition = makePartition(schema, partitionValues);
  partitions.set(partitionValues, { schema, partition });
  return partition;
}

/** The protocol reads an empty partition value as NULL. */
function makePartition(
  { columns, partitionBy = [] }: ParsedSchema,
  values: AddAction["partitionValues"],
): Partition {
  const entries = partitionBy.map((name): [string, string | null] => {
    const physicalName = columns.find((column) => column.name === name)?.physicalName ?? name;
    return [name, values[physicalName] || null];
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
