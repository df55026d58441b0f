import { dirname } from "node:path";
import {
  EcapError,
  type LocalObject,
  type ObjectStore,
  type ResultRow,
  type TableFile,
  type TableSnapshot,
} from "@ecap/sdk";
import { type Opened, openInstance } from "../engine/open-instance.ts";
import { queryError } from "../engine/query-error.ts";
import { name, text } from "../lake/sql.ts";
import { tableSelect } from "../lake/table-select.ts";
import { resultCell } from "../result/result-cell.ts";
import { filePortions } from "./file-portions.ts";
import { type TableProblem, tableProblems } from "./table-problems.ts";

export interface TableReaderOptions {
  /** The store that holds the table's files, which must have `localPath`, and brings files there where it has `leaseLocal`. */
  readonly objects: ObjectStore;
  /** Where `writeParquet` may write: the folder of its files. Default: nowhere. */
  readonly outputDir?: string;
  readonly threads?: number;
  readonly memoryLimit?: string;
}

export interface ReadOptions {
  /** Default: all, in the order of the schema. */
  readonly columns?: readonly string[];
  /** Most rows to read. Default: all. */
  readonly limit?: number;
  /** Of partition timestamps that name none: that of the system that wrote them, as in "America/New_York". Default UTC. */
  readonly timeZone?: string;
}

/** Reads whole tables, of every tenant or without any, for those who may see their files anyway. */
export interface TableReader {
  /** The rows as they are read, a few thousand at a time; of a table that is kept elsewhere, a portion of its files after the other. */
  rows(snapshot: TableSnapshot, options?: ReadOptions): AsyncIterable<readonly ResultRow[]>;
  /** Writes the rows as one Parquet file; resolves their number. All files of the table are on this machine meanwhile. */
  writeParquet(snapshot: TableSnapshot, file: string, options?: ReadOptions): Promise<number>;
  /** What is wrong with the files that the snapshot names; nothing where all is well. */
  problems(snapshot: TableSnapshot): AsyncIterable<TableProblem>;
  close(): Promise<void>;
}

export function duckdbTableReader(options: TableReaderOptions): TableReader {
  const { objects, threads, memoryLimit, outputDir } = options;
  let opening: Promise<Opened> | undefined;
  const folders = outputDir === undefined ? [] : [outputDir];
  const open = () =>
    (opening ??= openInstance({ objects, threads, memoryLimit, tempDir: undefined, folders }));

  /** Connects for one statement over files, and disconnects when its rows were taken. */
  async function* connected<T>(
    files: readonly LocalObject[],
    step: (connection: Connection, api: Opened["api"]) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const { instance, api } = await open();
    const release = await objects.leaseLocal?.(files);
    const connection = await instance.connect();
    try {
      yield* step(connection, api);
    } catch (error) {
      throw queryError(error);
    } finally {
      connection.closeSync();
      release?.();
    }
  }

  const selectOf = async (
    connection: Connection,
    { snapshot, files = snapshot.files, read }: Selection,
  ) => {
    const look = async (sql: string) => (await connection.runAndReadAll(sql)).getRows();
    const timeZone = read.timeZone ?? "UTC";
    const rows = await tableSelect({ snapshot, files, objects, look, timeZone });
    const columns = read.columns ?? snapshot.schema.columns.map((column) => column.name);
    checkColumns(snapshot, columns);
    const limit = read.limit === undefined ? "" : ` LIMIT ${Math.max(0, Math.floor(read.limit))}`;
    return `SELECT ${columns.map(name).join(", ")} FROM (${rows})${limit}`;
  };

  const rowsOf = (selection: Selection & { readonly files: readonly TableFile[] }) =>
    connected(selection.files, async function* (connection, api) {
      const result = await connection.stream(await selectOf(connection, selection));
      const names = result.deduplicatedColumnNames();
      for (
        let chunk = await result.fetchChunk();
        chunk?.rowCount;
        chunk = await result.fetchChunk()
      ) {
        yield chunk
          .getRows()
          .map((values) =>
            Object.fromEntries(
              names.map((column, i) => [column, resultCell(api, values[i] ?? null)]),
            ),
          );
      }
    });

  return {
    async *rows(snapshot, read = {}) {
      let left = read.limit ?? Number.POSITIVE_INFINITY;
      for (const files of objects.leaseLocal ? filePortions(snapshot.files) : [snapshot.files]) {
        const wanted = Number.isFinite(left) ? { ...read, limit: left } : read;
        for await (const part of rowsOf({ snapshot, files, read: wanted })) {
          yield part;
          left -= part.length;
        }
        if (left <= 0) return;
      }
    },
    async writeParquet(snapshot, file, read = {}) {
      if (dirname(file) !== outputDir) {
        throw new EcapError("ECAP_CONFIG_INVALID", `${file} is not in the output folder`);
      }
      const written = connected(snapshot.files, async function* (connection) {
        const select = await selectOf(connection, { snapshot, read });
        const copy = `COPY (${select}) TO ${text(file)} (FORMAT parquet, COMPRESSION zstd)`;
        yield Number((await connection.runAndReadAll(copy)).getRows()[0]?.[0] ?? 0);
      });
      for await (const rows of written) return rows;
      return 0;
    },
    problems: (snapshot) =>
      connected([], (connection) =>
        tableProblems(snapshot, objects, async (sql) =>
          (await connection.runAndReadAll(sql)).getRows(),
        ),
      ),
    async close() {
      const opened = await opening?.catch(() => undefined);
      opened?.instance.closeSync();
    },
  };
}

interface Selection {
  readonly snapshot: TableSnapshot;
  /** Default: all of the snapshot. */
  readonly files?: readonly TableFile[];
  readonly read: ReadOptions;
}

type Connection = Awaited<ReturnType<Opened["instance"]["connect"]>>;

function checkColumns({ schema, table }: TableSnapshot, columns: readonly string[]): void {
  const known = new Set(schema.columns.map((column) => column.name));
  const unknown = columns.find((column) => !known.has(column));
  if (unknown === undefined) return;
  throw new EcapError("ECAP_QUERY_INVALID", `Table ${table} has no column ${unknown}`, {
    received: unknown,
  });
}
