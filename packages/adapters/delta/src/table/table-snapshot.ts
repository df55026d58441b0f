import type { TableFile, TableSnapshot } from "@ecap/sdk";
import type { AddAction } from "../format/actions.ts";
import { isRecord, optional } from "../format/json-fields.ts";
import { parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";

const snapshots = new WeakMap<TableState, TableSnapshot>();
const files = new WeakMap<AddAction, TableFile>();

/** The state as the port shows it; made once a state, its files once a file. */
export function tableSnapshot(table: string, root: string, state: TableState): TableSnapshot {
  const known = snapshots.get(state);
  if (known) return known;
  const { columns, partitionBy = [] } = parseSchema(state.metaData);
  const snapshot: TableSnapshot = {
    table,
    version: state.version,
    timestamp: state.timestamp,
    schema: { columns, partitionBy },
    files: [...state.files.values()].map((add) => tableFile(root, add)),
    transactions: new Map([...state.transactions].map(([appId, txn]) => [appId, txn.version])),
  };
  snapshots.set(state, snapshot);
  return snapshot;
}

function tableFile(root: string, add: AddAction): TableFile {
  const known = files.get(add);
  if (known) return known;
  const stats = parseStats(add.stats);
  const rows = optional(stats, "numRecords", "number");
  const file: TableFile = {
    key: root + add.path,
    size: add.size,
    partition: add.partitionValues,
    rows,
    ...(isRecord(stats["minValues"]) ? { min: stats["minValues"] } : {}),
    ...(isRecord(stats["maxValues"]) ? { max: stats["maxValues"] } : {}),
    ...(isRecord(stats["nullCount"]) ? { columns: Object.keys(stats["nullCount"]) } : {}),
  };
  files.set(add, file);
  return file;
}

/** Statistics only help, so broken ones count as absent. */
function parseStats(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const stats: unknown = text === undefined ? {} : JSON.parse(text);
    return isRecord(stats) ? stats : {};
  } catch {
    return {};
  }
}
