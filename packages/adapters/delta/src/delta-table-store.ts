import {
  type Clock,
  EcapError,
  type FileEngine,
  type Logger,
  type ObjectStore,
  silentLogger,
  systemClock,
  type TableStore,
} from "@ecap/sdk";
import { tableMaintenance } from "./maintenance/table-maintenance.ts";
import { parquetCodec } from "./parquet/parquet-codec.ts";
import { type DeltaTable, deltaTable } from "./table/delta-table.ts";
import { type TableContext, tableContext } from "./table/table-context.ts";

export interface DeltaTableStoreOptions {
  readonly objects: ObjectStore;
  /** What looks at rows: needed for compaction, and for tables with CHECK constraints. */
  readonly engine?: FileEngine;
  /** Put before the name of every table, as in `lake/`. Default: nothing. */
  readonly prefix?: string;
  /** Put before the name of every table's archive, which is a Delta table too. Default "archive/". */
  readonly archivePrefix?: string;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** A checkpoint is written every so many versions. Default 10. */
  readonly checkpointInterval?: number;
  /** Threads that encode Parquet. Default 1. */
  readonly threads?: number;
}

export interface DeltaTableStore extends TableStore {
  /** Ends the encoding threads; they also end by themselves after half a minute without work. */
  close(): Promise<void>;
}

const idleMs = 30_000;

/**
 * Delta Lake tables over any ObjectStore, in the protocol every Delta reader knows: reader version 1, writer version 2.
 *
 * The time of a version is what its commit says of it (`commitInfo.timestamp`), else when its file was written.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md
 */
export function deltaTableStore(options: DeltaTableStoreOptions): DeltaTableStore {
  const { objects, engine, prefix = "", clock = systemClock, logger = silentLogger } = options;
  const { checkpointInterval = 10, threads = 1, archivePrefix = "archive/" } = options;
  const codec = parquetCodec({ threads, idleMs });
  const tables = new Map<string, { readonly context: TableContext; readonly table: DeltaTable }>();

  const open = (name: string): { readonly context: TableContext; readonly table: DeltaTable } => {
    if (
      archivePrefix.startsWith(`${prefix}${name}/`) ||
      !/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(name)
    ) {
      throw new EcapError(
        "ECAP_TABLE_SCHEMA",
        "A table is named by letters, digits, _, - and ., and not as the folder of archives",
        {
          received: name,
        },
      );
    }
    const known = tables.get(name);
    if (known) return known;
    const context = tableContext({
      name,
      root: `${prefix}${name}/`,
      objects,
      codec,
      engine,
      clock,
      logger,
      checkpointInterval,
      archiveRoot: `${archivePrefix}${name}/`,
    });
    const opened = { context, table: deltaTable(context) };
    tables.set(name, opened);
    return opened;
  };

  return {
    ensure: async (table, schema) => open(table).table.ensure(schema),
    append: async (table, rows, appendOptions) =>
      open(table).table.append(rows, appendOptions ?? {}),
    snapshot: async (table, when) => open(table).table.snapshot(when ?? {}),
    history: async (table, which = {}) => open(table).table.history(which),
    async tables() {
      const names: string[] = [];
      for (let name = await nextFolder(objects, prefix); name !== undefined; ) {
        for await (const _ of objects.list(`${prefix}${name}/_delta_log/`)) {
          names.push(name);
          break;
        }
        name = await nextFolder(objects, prefix, `${prefix}${name}/\u{10ffff}`);
      }
      return names;
    },
    maintenance: tableMaintenance((table) => open(table).context),
    close: () => codec.close(),
  };
}

/** The name of the first folder below `prefix` with a key past `after`. One key a folder is looked at, not all. */
async function nextFolder(
  objects: ObjectStore,
  prefix: string,
  after?: string,
): Promise<string | undefined> {
  for await (const { key } of objects.list(prefix, after === undefined ? {} : { after })) {
    const [name, ...rest] = key.slice(prefix.length).split("/");
    if (name !== undefined && rest.length > 0) return name;
  }
  return undefined;
}
