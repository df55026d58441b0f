import { EcapError, type FileInput, type ResultRow } from "@ecap/sdk";
import { quoted } from "../files/sql-text.ts";
import type { Definition } from "../files/table-fields.ts";
import type { Action, AddAction, RemoveAction } from "../format/actions.ts";
import { columnMappingMode } from "../format/protocol.ts";
import { parseSchema } from "../format/schema.ts";
import { commitTime, type LoggedCommit, type TableState } from "../log/table-state.ts";
import { engineOf, existingTable, type TableContext } from "../table/table-context.ts";
import { tableInput } from "../table/table-input.ts";
import { changeTypeColumn, keepsChanges } from "./change-data.ts";

export interface ChangesOptions {
  /** The first version whose changes are told. */
  readonly from: number;
  /** The last one. Default: the newest. */
  readonly to?: number;
}

/**
 * How rows changed, version by version: the columns that the table has at the last of them, `_change_type` (insert, update_preimage,
 * update_postimage or delete), `_commit_version` and `_commit_timestamp`. Only while the table kept a change data feed: ECAP_TABLE_UNSUPPORTED elsewhere.
 */
export async function* readChanges(
  table: TableContext,
  { from, to }: ChangesOptions,
): AsyncGenerator<readonly ResultRow[]> {
  const newest = await existingTable(table);
  const last = to ?? newest.version;
  const [first, end] = await Promise.all([
    stateAt(table, newest, from),
    stateAt(table, newest, last),
  ]);
  if (from > last) throw noVersion(table, from);
  let definition: Definition = first;
  for (let version = from; version <= last; version++) {
    const commit = await table.log.commit(version);
    if (!commit) throw noVersion(table, version);
    definition = definedBy(commit.actions, definition);
    if (!keepsChanges(definition)) {
      const message = `Table ${table.name} kept no change data feed at version ${version}`;
      throw new EcapError("ECAP_TABLE_UNSUPPORTED", message, { received: version });
    }
    const { sql, inputs } = changesOf(table, end, commit);
    if (inputs.length > 0) yield* engineOf(table).rows(sql, inputs);
  }
}

async function stateAt(table: TableContext, newest: TableState, version: number) {
  const isPossible = Number.isInteger(version) && version >= 0 && version <= newest.version;
  const state = version === newest.version ? newest : isPossible && (await table.log.at(version));
  if (!state) throw noVersion(table, version);
  return state;
}

function noVersion({ name }: TableContext, version: number): EcapError {
  const message = `Table ${name} has no changes from version ${version} on`;
  return new EcapError("ECAP_TABLE_NOT_FOUND", message, { received: version });
}

function definedBy(actions: readonly Action[], before: Definition): Definition {
  let { protocol, metaData } = before;
  for (const action of actions) {
    if ("protocol" in action) protocol = action.protocol;
    if ("metaData" in action) metaData = action.metaData;
  }
  return { protocol, metaData };
}

interface Selection {
  readonly sql: string;
  readonly inputs: readonly FileInput[];
}

function changesOf(table: TableContext, end: TableState, commit: LoggedCommit): Selection {
  const recorded = commit.actions.flatMap((action) => ("cdc" in action ? [action.cdc] : []));
  const columns = parseSchema(end).columns.map(({ name }) => quoted(name));
  const select = (changeType: string, from: string) => {
    const time = new Date(commitTime(commit)).toISOString();
    return `SELECT ${columns.join(", ")}, ${changeType} AS _change_type, CAST(${commit.version} AS BIGINT) AS _commit_version, TIMESTAMPTZ '${time}' AS _commit_timestamp FROM ${from}`;
  };
  if (recorded.length === 0) return derived(table, end, commit.actions, select);
  if (columnMappingMode(end.protocol, end.metaData) === "id") {
    const message = `Table ${table.name} knows columns by id, and files of changes by name`;
    throw new EcapError("ECAP_TABLE_UNSUPPORTED", message);
  }
  const files = recorded.map((cdc) => ({ ...cdc, modificationTime: 0 }));
  const input = tableInput(table, end, files);
  return {
    sql: select("_change_type", "recorded"),
    inputs: [{ ...input, name: "recorded", columns: [...input.columns, changeTypeColumn] }],
  };
}

/** Of a commit without files of changes: rows of files that came and of those that went, and of files that stayed those whose deletion vector changed. */
function derived(
  table: TableContext,
  end: TableState,
  actions: readonly Action[],
  select: (changeType: string, from: string) => string,
): Selection {
  const added = actions.flatMap((a) => ("add" in a && a.add.dataChange ? [a.add] : []));
  const removed = actions.flatMap((a) => ("remove" in a && a.remove.dataChange ? [a.remove] : []));
  const before = new Map(removed.map((remove) => [remove.path, fileOf(table, remove)]));
  const after = new Map(added.map((add) => [add.path, add]));
  const stayed = [...after.keys()].filter((path) => before.has(path));
  const came = [...after.values()].filter(({ path }) => !before.has(path));
  const went = [...before.values()].filter(({ path }) => !after.has(path));
  const kept = (files: ReadonlyMap<string, AddAction>) =>
    stayed.flatMap((path) => files.get(path) ?? []);
  const inputs = [
    inputOf(table, end, "came", came),
    inputOf(table, end, "went", went),
    inputOf(table, end, "now", kept(after)),
    inputOf(table, end, "earlier", kept(before)),
  ];
  const same = `USING ("#file", "#row")`;
  const sql = [
    select("'insert'", "came"),
    select("'delete'", "went"),
    select("'insert'", `now ANTI JOIN earlier ${same}`),
    select("'delete'", `earlier ANTI JOIN now ${same}`),
  ].join(" UNION ALL ");
  return { sql, inputs: added.length + removed.length === 0 ? [] : inputs };
}

function inputOf(
  table: TableContext,
  state: TableState,
  name: string,
  files: readonly AddAction[],
): FileInput {
  return { ...tableInput(table, state, files), name };
}

/** The file that a removal tells of. */
function fileOf({ name }: TableContext, remove: RemoveAction): AddAction {
  const { path, partitionValues, size, deletionVector } = remove;
  if (partitionValues === undefined || size === undefined) {
    const message = `Table ${name} does not tell what the removed file ${path} held`;
    throw new EcapError("ECAP_TABLE_UNSUPPORTED", message, { path });
  }
  return {
    path,
    partitionValues,
    size,
    modificationTime: 0,
    dataChange: true,
    ...(deletionVector ? { deletionVector } : {}),
  };
}
