import {
  EcapError,
  type ObjectStore,
  type Query,
  type QueryEngine,
  type QueryResult,
  type ResultRow,
  type TableSnapshot,
  type TableStore,
} from "@ecap/sdk";
import { checkStatement } from "./engine/check-statement.ts";
import { type Opened, openInstance } from "./engine/open-instance.ts";
import { queryError } from "./engine/query-error.ts";
import { parameterValue, resultCell } from "./engine/result-cell.ts";
import { type Session, sessionPool } from "./engine/session-pool.ts";
import { type LakeView, lakeView } from "./lake/lake-view.ts";
import { name, text } from "./lake/sql.ts";

export interface DuckdbQueryEngineOptions {
  readonly tables: TableStore;
  /** The store that holds the tables' files; it must have `localPath`, and brings the files of a query there where it has `leaseLocal`. */
  readonly objects: ObjectStore;
  /** Threads of DuckDB, shared by all queries. Default: one a core. */
  readonly threads?: number;
  /** As in "2GB". Default: 80% of the machine's memory. */
  readonly memoryLimit?: string;
  /** Folder for what does not fit in memory. Default: none, so that such a query fails. */
  readonly tempDir?: string;
  /** Queries under way at once; more wait. Each holds one of Node's four worker threads, which files and hashing need too. Default 2. */
  readonly connections?: number;
}

export interface DuckdbQueryEngine extends QueryEngine {
  readonly dialect: "duckdb";
  close(): Promise<void>;
}

const defaultTimeoutMs = 30_000;
const defaultMaxRows = 100_000;
/** Statements whose syntax was checked are remembered. */
const maxChecked = 1_000;
/** An interrupt between two steps of a query is lost, so it is repeated. */
const interruptEveryMs = 20;

/** SQL over the tables of a TableStore by DuckDB in this process, on its own threads. Opened on the first query. */
export function duckdbQueryEngine(options: DuckdbQueryEngineOptions): DuckdbQueryEngine {
  const { tables, objects, threads, memoryLimit, tempDir, connections = 2 } = options;
  let opening: Promise<Opened> | undefined;
  const open = () => (opening ??= openInstance({ objects, threads, memoryLimit, tempDir }));
  const pool = sessionPool(connections, async () => (await open()).instance.connect());
  const checked = new Set<string>();
  let closed = false;

  const run = async (query: Query, snapshots: readonly TableSnapshot[], signal: AbortSignal) => {
    const { api } = await open();
    const views = snapshots.map((snapshot) => ({
      table: snapshot.table,
      view: lakeView(snapshot, objects, query.tenant),
    }));
    const suits = (session: Session) =>
      views.every(({ table, view }) => session.views.get(table) === view.key);
    const release = await objects.leaseLocal?.(
      views.flatMap(({ view }) => view.files),
      signal,
    );
    try {
      return await pool.use({ suits, signal }, (session) =>
        interruptible(session, signal, async () => {
          await checkOnce(session, query);
          for (const { table, view } of views) await showView(session, table, view);
          return readRows(api, session, query, signal);
        }),
      );
    } finally {
      release?.();
    }
  };

  const checkOnce = async ({ connection }: Session, { sql, tables: declared }: Query) => {
    const names = Object.keys(declared);
    const key = JSON.stringify([sql, ...names]);
    if (checked.has(key)) return;
    const tree = await connection.runAndReadAll(`SELECT json_serialize_sql(${text(sql)})`);
    checkStatement(String(tree.getRows()[0]?.[0]), new Set(names));
    if (checked.size >= maxChecked) checked.clear();
    checked.add(key);
  };

  return {
    dialect: "duckdb",
    async query(query) {
      if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "The query engine was closed");
      const timeoutMs = query.timeoutMs ?? defaultTimeoutMs;
      const timeout = AbortSignal.timeout(timeoutMs);
      const signal = query.signal ? AbortSignal.any([timeout, query.signal]) : timeout;
      try {
        const names = Object.entries(query.tables);
        const snapshots = await Promise.all(
          names.map(([table, when]) => tables.snapshot(table, when)),
        );
        const result = await run(query, snapshots, signal);
        return {
          ...result,
          versions: Object.fromEntries(snapshots.map((s) => [s.table, s.version])),
          asOf:
            snapshots.length === 0 ? Date.now() : Math.max(...snapshots.map((s) => s.timestamp)),
        };
      } catch (error) {
        if (query.signal?.aborted)
          throw new EcapError("ECAP_QUERY_ABORTED", "The query was given up");
        if (timeout.aborted) {
          throw new EcapError("ECAP_QUERY_TIMEOUT", `The query took longer than ${timeoutMs} ms`);
        }
        throw queryError(error);
      }
    },
    async close() {
      closed = true;
      pool.close();
      const opened = await opening?.catch(() => undefined);
      opened?.instance.closeSync();
    },
  };
}

/** Makes the table's name stand for the view on this connection. */
async function showView(session: Session, table: string, view: LakeView): Promise<void> {
  if (session.views.get(table) === view.key) return;
  session.views.delete(table);
  const { connection } = session;
  const select = await view.select(async (sql) => (await connection.runAndReadAll(sql)).getRows());
  await connection.run(`CREATE OR REPLACE TEMP VIEW ${name(table)} AS ${select}`);
  session.views.set(table, view.key);
}

async function readRows(
  api: Opened["api"],
  { connection }: Session,
  query: Query,
  signal: AbortSignal,
): Promise<Pick<QueryResult, "columns" | "rows">> {
  const maxRows = query.maxRows ?? defaultMaxRows;
  const result = await execute(api, connection, query);
  signal.throwIfAborted();
  if (result.rowCount > maxRows) {
    throw new EcapError("ECAP_QUERY_INVALID", `The query gives more than ${maxRows} rows`);
  }
  const names = result.deduplicatedColumnNames();
  const columns = names.map((column, i) => ({
    name: column,
    type: result.columnType(i).toString(),
  }));
  const rows: ResultRow[] = [];
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    for (const values of chunk.getRows()) {
      rows.push(
        Object.fromEntries(names.map((column, i) => [column, resultCell(api, values[i] ?? null)])),
      );
    }
  }
  return { columns, rows };
}

/** Planning opens the files' metadata, and a prepared statement is planned twice, so only parameters make one. */
async function execute(api: Opened["api"], connection: Session["connection"], query: Query) {
  const { sql, parameters = [] } = query;
  if (parameters.length === 0) return connection.run(sql);
  const statement = await connection.prepare(sql);
  for (const [i, value] of parameters.entries()) {
    const parameter = parameterValue(api, value);
    statement.bindValue(i + 1, parameter, isLong(parameter) ? api.BIGINT : undefined);
  }
  return statement.run();
}

function isLong(value: unknown): boolean {
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
}

async function interruptible<T>(
  { connection }: Session,
  signal: AbortSignal,
  step: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    timer ??= setInterval(() => connection.interrupt(), interruptEveryMs);
  };
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    return await step();
  } finally {
    signal.removeEventListener("abort", interrupt);
    clearInterval(timer);
  }
}
