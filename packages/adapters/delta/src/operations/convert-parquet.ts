import {
  type Column,
  type ColumnStatistics,
  EcapError,
  type LocalObject,
  type TableSchema,
} from "@ecap/sdk";
import { addStatistics } from "../files/add-statistics.ts";
import { batches, maxBatchBytes } from "../files/file-actions.ts";
import { quoted } from "../files/sql-text.ts";
import type { Definition } from "../files/table-fields.ts";
import type { AddAction } from "../format/actions.ts";
import { checkColumnNames, isOfType } from "../format/schema.ts";
import { noReads } from "../table/change.ts";
import { commitInfo } from "../table/commit-info.ts";
import { engineOf, type TableContext } from "../table/table-context.ts";
import { tableInput, target } from "../table/table-input.ts";
import { withFeature } from "../table/writable.ts";
import { newDefinition, tableExists } from "./create-table.ts";
import type { OperationOptions, Outcome } from "./outcome.ts";
import { isHidden } from "./vacuum.ts";

export interface ConvertOptions extends OperationOptions {
  /** The columns that folders such as `day=2026-01-31/` tell, with their types. Default: those the folders name, as texts. */
  readonly partitionBy?: readonly Column[];
}

/**
 * Makes a table of the Parquet files in the table's folder, in version 0: the files stay as and where they are, their columns are the table's, and
 * their statistics are read once. Hidden files, whose path has a part that begins with `_` or `.`, are left out. A folder without files is
 * ECAP_TABLE_NOT_FOUND, files that do not agree on a column or on folders ECAP_TABLE_SCHEMA.
 */
export async function convertParquet(
  table: TableContext,
  options: ConvertOptions,
): Promise<Outcome> {
  if (await table.log.newest()) throw tableExists(table);
  const objects = await parquetObjects(table);
  const names = folderNames(objects, table);
  const partitionBy =
    options.partitionBy ?? names.map((name) => ({ name, type: "string" as const }));
  if (partitionBy.map(({ name }) => name).join("\n") !== names.join("\n")) {
    const message = `Folders of ${table.name} name the columns ${names.join(", ") || "of no partition"}`;
    throw new EcapError("ECAP_TABLE_SCHEMA", message, { received: partitionBy });
  }
  const held = await engineOf(table).describe(objects);
  const columns = [...held.filter(({ name }) => !names.includes(name)), ...partitionBy];
  checkColumnNames(columns);
  const definition = definitionOf({ columns, partitionBy: names }, table.clock.now());
  const files = objects.map((object) => addOf(table, object));
  const adds = await withStatistics(table, definition, files);
  const { protocol, metaData } = definition;
  const actions = [{ protocol }, { metaData }, ...adds.map((add) => ({ add }))];
  const metrics = { numConvertedFiles: adds.length };
  const parameters = { numFiles: adds.length, partitionedBy: names };
  const info = options.commitInfo ? { info: options.commitInfo } : {};
  const told = { operation: "CONVERT", parameters, metrics, actions, reads: noReads, ...info };
  const committed = await table.log.tryCommit(undefined, [
    commitInfo(table, undefined, told, "serializable"),
    ...actions,
  ]);
  if (!committed) throw tableExists(table);
  return { version: committed.version, metrics };
}

interface ParquetObject extends LocalObject {
  readonly modifiedAt: number;
}

async function parquetObjects({ objects, root, name }: TableContext): Promise<ParquetObject[]> {
  const found: ParquetObject[] = [];
  for await (const object of objects.list(root)) {
    const path = object.key.slice(root.length);
    if (/\.parquet$/i.test(path) && !isHidden(path)) found.push(object);
  }
  if (found.length > 0) return found;
  const message = `The folder of table ${name} holds no Parquet files`;
  throw new EcapError("ECAP_TABLE_NOT_FOUND", message, { received: name });
}

/** Columns and values that the folders of a path tell, as in `day=2026-01-31/`. */
function folderValues(path: string): ReadonlyArray<readonly [name: string, value: string | null]> {
  return path
    .split("/")
    .slice(0, -1)
    .flatMap((folder) => {
      const at = folder.indexOf("=");
      if (at < 1) return [];
      const value = folder.slice(at + 1);
      const isNull = value === "" || value === "__HIVE_DEFAULT_PARTITION__";
      return [[decoded(folder.slice(0, at)), isNull ? null : decoded(value)] as const];
    });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The columns that the folders tell, which must be the same for every file. */
function folderNames(objects: readonly ParquetObject[], { root }: TableContext): readonly string[] {
  const all = objects.map(({ key }) => folderValues(key.slice(root.length)).map(([name]) => name));
  const [first = []] = all;
  const other = all.findIndex((names) => names.join("\n") !== first.join("\n"));
  if (other < 0) return first;
  const path = objects[other]?.key ?? "";
  const message = `${path} lies in folders of other columns than ${objects[0]?.key ?? ""}`;
  throw new EcapError("ECAP_TABLE_SCHEMA", message, { path });
}

function definitionOf(schema: TableSchema, now: number): Definition {
  const { protocol, metaData } = newDefinition(schema, now);
  const hasLocalTimes = schema.columns.some(({ type }) => isOfType(type, "timestamp_ntz"));
  return { metaData, protocol: hasLocalTimes ? withFeature(protocol, "timestampNtz") : protocol };
}

function addOf({ root }: TableContext, { key, size, modifiedAt }: ParquetObject): AddAction {
  const path = key.slice(root.length);
  return {
    path,
    partitionValues: Object.fromEntries(folderValues(path)),
    size,
    modificationTime: modifiedAt,
    dataChange: true,
  };
}

/** The files with statistics, which takes reading them. */
async function withStatistics(
  table: TableContext,
  { protocol, metaData }: Definition,
  files: readonly AddAction[],
): Promise<AddAction[]> {
  const state = { protocol, metaData };
  const described: AddAction[] = [];
  for (const batch of batches(files, maxBatchBytes)) {
    const input = tableInput(table, state, batch);
    const columns = input.columns.filter(
      ({ name, type }) => typeof type === "string" && !input.partitionBy.includes(name),
    );
    const cells = columns.flatMap(({ name, type }, i) => [
      `count(*) - count(${quoted(name)}) AS n${i}`,
      ...(type === "binary" || type === "boolean"
        ? []
        : [
            `CAST(min(${quoted(name)}) AS VARCHAR) AS l${i}, CAST(max(${quoted(name)}) AS VARCHAR) AS h${i}`,
          ]),
    ]);
    const sql = `SELECT ${[`"#file" AS file`, "count(*) AS rows", ...cells].join(", ")} FROM ${target} GROUP BY "#file"`;
    const found = new Map(
      (await engineOf(table).query(sql, [input])).map((row) => [Number(row["file"]), row]),
    );
    for (const [i, add] of batch.entries()) {
      const row = found.get(i) ?? { rows: 0 };
      described.push({ ...add, stats: statisticsOf(row, columns) });
    }
  }
  return described;
}

function statisticsOf(row: Readonly<Record<string, unknown>>, columns: readonly Column[]): string {
  const statistics = columns.map(({ name }, i): [string, ColumnStatistics] => {
    const [min, max] = [row[`l${i}`], row[`h${i}`]];
    const isBounded = typeof min === "string" && typeof max === "string";
    return [name, { nullCount: Number(row[`n${i}`] ?? 0), ...(isBounded ? { min, max } : {}) }];
  });
  return addStatistics({ rows: Number(row["rows"]), statistics: new Map(statistics) }, columns);
}
