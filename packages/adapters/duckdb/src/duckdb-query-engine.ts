import type { DuckDBConnection } from "@duckdb/node-api";
import {
  EcapError,
  type ObjectStore,
  type Query,
  type QueryEngine,
  type QueryResult,
  type QueryStream,
  type ResultRow,
  type TableStore,
} from "@ecap/sdk";
import { type Deadline, deadlineOf } from "./engine/deadline.ts";
import { type ExecutionParts, execute } from "./engine/execution.ts";
import { type Opened, openInstance } from "./engine/open-instance.ts";
import { chunksOf, runStatement, streamStatement } from "./engine/run-statement.ts";
import { sessionPool } from "./engine/session-pool.ts";
import { queryStream, tooManyRows } from "./result/query-stream.ts";
import { readRows, resultColumns } from "./result/read-rows.ts";
import { rowTables } from "./rows/row-tables.ts";
import { statementReader } from "./statement/statement-reader.ts";

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
  /** Characters of text that a result may hold which is no stream. Default 128 Mi. */
  readonly maxResultLength?: number;
}

export interface DuckdbQueryEngine extends QueryEngine {
  readonly dialect: "duckdb";
  stream(query: Query): Promise<QueryStream>;
  close(): Promise<void>;
}

const defaultMaxRows = 100_000;

/** SQL over the tables of a TableStore by DuckDB in this process, on its own threads. Opened on the first query. */
export function duckdbQueryEngine(options: DuckdbQueryEngineOptions): DuckdbQueryEngine {
  const { tables, objects, threads, memoryLimit, tempDir, connections = 2 } = options;
  const { maxResultLength = 128 * 1024 * 1024 } = options;
  let opening: Promise<Opened> | undefined;
  const open = () => (opening ??= openInstance({ objects, threads, memoryLimit, tempDir }));
  const connect = async () => (await open()).instance.connect();
  const pool = sessionPool(connections, connect);
  let connecting: Promise<DuckDBConnection> | undefined;
  /** Reads statements and holds rows; no query runs on it. */
  const inner = () => (connecting ??= connect());
  const rows = rowTables({ open, inner, objects });
  const parts: ExecutionParts = { tables, objects, pool, read: statementReader(inner), rows };
  /** Queries by their ends, each with what gives it up: DuckDB must not lose a connection that is at work. */
  const underWay = new Map<Promise<unknown>, Deadline>();
  const untilEnded = <T>(deadline: Deadline, work: Promise<T>): Promise<T> => {
    const ended: Promise<unknown> = work.catch(() => {}).finally(() => underWay.delete(ended));
    underWay.set(ended, deadline);
    return work;
  };
  let closed = false;
  const checkOpen = (): void => {
    if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "The query engine was closed");
  };

  return {
    dialect: "duckdb",
    async query(query) {
      checkOpen();
      const deadline = deadlineOf(query);
      const { signal } = deadline;
      const { maxRows = defaultMaxRows } = query;
      const answer = execute(
        parts,
        query,
        signal,
        async ({ connection, sql, provenance }): Promise<QueryResult> => {
          const { api } = await open();
          const bound = { sql, parameters: query.parameters };
          const result = await runStatement(api, connection, bound);
          signal.throwIfAborted();
          if (result.rowCount > maxRows) throw tooManyRows(maxRows);
          const found = await collect(
            readRows(api, result, chunksOf(result, signal)),
            maxResultLength,
          );
          return { ...provenance, columns: resultColumns(result), rows: found };
        },
      );
      try {
        return await untilEnded(deadline, answer);
      } catch (error) {
        throw deadline.explain(error);
      }
    },
    async stream(query) {
      checkOpen();
      const deadline = deadlineOf(query);
      const { signal } = deadline;
      const { maxRows = defaultMaxRows } = query;
      return new Promise<QueryStream>((resolve, reject) => {
        const whole = execute(parts, query, signal, async ({ connection, sql, provenance }) => {
          const { api } = await open();
          const bound = { sql, parameters: query.parameters };
          const result = await streamStatement(api, connection, bound);
          signal.throwIfAborted();
          await new Promise<void>((ended, failed) => {
            queryStream({ api, result, provenance, maxRows, deadline, ended }).then(
              resolve,
              failed,
            );
          });
          // A stream that was left is given up by the connection when the next statement runs.
          await connection.run("SELECT 1").catch(() => {});
        });
        untilEnded(deadline, whole).catch((error: unknown) => reject(deadline.explain(error)));
      });
    },
    async close() {
      closed = true;
      for (const deadline of underWay.values()) deadline.abort();
      await Promise.all(underWay.keys());
      await rows.settled();
      pool.close();
      (await connecting?.catch(() => undefined))?.closeSync();
      const opened = await opening?.catch(() => undefined);
      opened?.instance.closeSync();
    },
  };
}

/** All rows, as long as their texts are not too long to be held. */
async function collect(
  parts: AsyncIterable<readonly ResultRow[]>,
  maxLength: number,
): Promise<readonly ResultRow[]> {
  const all: ResultRow[] = [];
  let length = 0;
  for await (const rows of parts) {
    for (const row of rows) {
      all.push(row);
      for (const cell of Object.values(row)) if (typeof cell === "string") length += cell.length;
    }
    if (length > maxLength) {
      throw new EcapError("ECAP_QUERY_INVALID", `The rows hold more than ${maxLength} characters`);
    }
  }
  return all;
}
