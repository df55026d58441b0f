import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import {
  EcapError,
  type FileEngine,
  type FileInput,
  type FileOutput,
  type ObjectStore,
  type TableFile,
} from "@ecap/sdk";
import { type Opened, openInstance } from "../engine/open-instance.ts";
import { queryError } from "../engine/query-error.ts";
import { name, text } from "../lake/sql.ts";
import { readRows } from "../result/read-rows.ts";
import { checkStatement } from "../statement/check-statement.ts";
import { describeFiles } from "./describe-files.ts";
import { inputSql } from "./input-sql.ts";
import { brokenConstraint, outputSql } from "./output-sql.ts";
import { expressionStatement, rowCondition } from "./row-condition.ts";
import { writtenFile } from "./written-files.ts";

export interface DuckdbFileEngineOptions {
  /** The store of the tables' files; it must have `localPath`, and brings files there where it has `leaseLocal`. */
  readonly objects: ObjectStore;
  /** Threads of DuckDB. Default: one a core. */
  readonly threads?: number;
  /** Default "1GB"; what does not fit goes to the folder. */
  readonly memoryLimit?: string;
  /** Folder for files under way. Default: the system's for temporary files. */
  readonly workDir?: string;
}

export interface DuckdbFileEngine extends FileEngine {
  close(): Promise<void>;
}

/** A FileEngine by DuckDB in this process. It can open the files of the object store and its own folder, and nothing else. Opened on first use. */
export function duckdbFileEngine(options: DuckdbFileEngineOptions): DuckdbFileEngine {
  const { objects, threads, memoryLimit = "1GB", workDir = tmpdir() } = options;
  let opening: Promise<Opened & { readonly folder: string }> | undefined;
  let closed = false;

  const open = async () => {
    if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "The file engine was closed");
    return (opening ??= (async () => {
      await mkdir(workDir, { recursive: true });
      const folder = await mkdtemp(join(workDir, "ecap-files-"));
      const tempDir = join(folder, "spilled");
      const settings = { objects, threads, memoryLimit, tempDir, folders: [folder] };
      return { ...(await openInstance(settings)), folder };
    })());
  };

  /** A connection of its own, until it is closed. */
  const connect = async () => (await open()).instance.connect();

  /** A connection that knows the inputs by name, and a query over them that reaches nothing else. */
  const openInputs = async (sql: string, inputs: readonly FileInput[]) => {
    const release = await objects.leaseLocal?.(inputs.flatMap((input) => input.files));
    const connection = await connect();
    const close = () => {
      connection.closeSync();
      release?.();
    };
    try {
      checkStatement(await syntaxTree(connection, sql), new Set(inputs.map((i) => i.name)));
      for (const input of inputs) await showInput(connection, input);
      return { connection, close };
    } catch (error) {
      close();
      throw queryError(error);
    }
  };

  const withInputs = async <T>(
    sql: string,
    inputs: readonly FileInput[],
    step: (connection: DuckDBConnection) => Promise<T>,
  ): Promise<T> => {
    const { connection, close } = await openInputs(sql, inputs);
    try {
      return await step(connection);
    } catch (error) {
      throw queryError(error);
    } finally {
      close();
    }
  };

  const showInput = async (connection: DuckDBConnection, input: FileInput) => {
    const stored = input.files.map((file) => localPath(objects, file.key));
    const deleted = await showDeleted(connection, input);
    const select = inputSql(input, { paths: [...stored, ...(input.held?.paths ?? [])], deleted });
    await connection.run(`CREATE TEMP VIEW ${name(input.name)} AS ${select}`);
  };

  return {
    async describe(files) {
      const release = await objects.leaseLocal?.(files);
      const connection = await connect();
      try {
        const byPath = files.map(({ key, size }): [string, TableFile] => [
          localPath(objects, key),
          { key, size, partition: {}, rows: undefined },
        ]);
        return await describeFiles((await open()).api, connection, new Map(byPath));
      } catch (error) {
        throw queryError(error);
      } finally {
        connection.closeSync();
        release?.();
      }
    },
    async condition(expression) {
      const connection = await connect();
      try {
        return rowCondition(await syntaxTree(connection, expressionStatement(expression)));
      } catch (error) {
        throw queryError(error);
      } finally {
        connection.closeSync();
      }
    },
    async hold(parquet) {
      const folder = join((await open()).folder, randomUUID());
      const release = () => rm(folder, { recursive: true, force: true });
      const paths: string[] = [];
      try {
        await mkdir(folder);
        for await (const bytes of parquet) {
          const path = join(folder, `${paths.length}.parquet`);
          await writeFile(path, bytes);
          paths.push(path);
        }
        return { paths, release };
      } catch (error) {
        await release();
        throw error;
      }
    },
    query: (sql, inputs) =>
      withInputs(sql, inputs, async (connection) => {
        const result = await connection.runAndReadAll(sql);
        return result.getRowObjects().map((row) => {
          const cells = Object.entries(row);
          return Object.fromEntries(cells.map(([key, cell]) => [key, plain(cell)]));
        });
      }),
    async *rows(sql, inputs) {
      const { connection, close } = await openInputs(sql, inputs);
      try {
        const result = await connection.stream(sql);
        yield* readRows((await open()).api, result, chunksOf(result));
      } catch (error) {
        throw queryError(error);
      } finally {
        close();
      }
    },
    async *write(sql, inputs, output) {
      const folder = join((await open()).folder, randomUUID());
      try {
        const told = await withInputs(sql, inputs, async (connection) => {
          const copied = await connection.runAndReadAll(outputSql(sql, output, folder));
          return copied.getRowObjectsJson();
        }).catch((error: unknown) => {
          throw constraintError(error, output) ?? error;
        });
        for (const row of told) {
          const file = writtenFile(row, output);
          if (file.rows > 0) yield file;
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async close() {
      closed = true;
      const opened = await opening?.catch(() => undefined);
      opened?.instance.closeSync();
      if (opened) await rm(opened.folder, { recursive: true, force: true });
    },
  };
}

async function* chunksOf(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk> {
  for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
    yield chunk;
  }
}

async function syntaxTree(connection: DuckDBConnection, sql: string): Promise<string> {
  const tree = await connection.runAndReadAll(`SELECT json_serialize_sql(${text(sql)})`);
  return String(tree.getRows()[0]?.[0]);
}

/** Rows inserted by one statement. */
const positionsAtOnce = 10_000;

/** A table of the input's deleted rows; undefined where there are none. */
async function showDeleted(
  connection: DuckDBConnection,
  { name: input, files }: FileInput,
): Promise<string | undefined> {
  if (!files.some((file) => file.deleted)) return undefined;
  const table = `#deleted ${input}`;
  await connection.run(`CREATE TEMP TABLE ${name(table)} (file BIGINT, "row" BIGINT)`);
  for (const [i, { deleted }] of files.entries()) {
    const positions = deleted ? [...(await deleted.positions())] : [];
    for (let from = 0; from < positions.length; from += positionsAtOnce) {
      const part = positions.slice(from, from + positionsAtOnce);
      await connection.run(`INSERT INTO ${name(table)} SELECT ${i}, unnest([${part.join(", ")}])`);
    }
  }
  return table;
}

function localPath(objects: ObjectStore, key: string): string {
  if (objects.localPath) return objects.localPath(key);
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    "duckdbFileEngine needs an object store with files: fsObjectStore, or s3ObjectStore with a cacheDir",
  );
}

function plain(cell: unknown): unknown {
  return typeof cell === "bigint" ? Number(cell) : cell;
}

/** The error that a broken constraint was thrown as; undefined for any other. */
function constraintError(error: unknown, { constraints }: FileOutput): EcapError | undefined {
  const message = error instanceof Error ? error.message : "";
  const [, after] = message.split(brokenConstraint);
  const broken = after === undefined ? undefined : constraints[Number.parseInt(after, 10)];
  if (!broken) return undefined;
  const what = `A row breaks the constraint ${broken.name}: ${broken.condition}`;
  return new EcapError("ECAP_TABLE_SCHEMA", what, { path: broken.name });
}
