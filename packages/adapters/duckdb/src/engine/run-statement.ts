import type {
  DuckDBConnection,
  DuckDBDataChunk,
  DuckDBMaterializedResult,
  DuckDBPreparedStatement,
  DuckDBResult,
} from "@duckdb/node-api";
import { parameterValue } from "../result/result-cell.ts";
import type { Opened } from "./open-instance.ts";

export interface BoundStatement {
  readonly sql: string;
  readonly parameters?: readonly unknown[] | undefined;
}

/** Runs a statement to its end. */
export async function runStatement(
  api: Opened["api"],
  connection: DuckDBConnection,
  statement: BoundStatement,
): Promise<DuckDBMaterializedResult> {
  const prepared = await prepare(api, connection, statement);
  return prepared === undefined ? connection.run(statement.sql) : prepared.run();
}

/** Begins a statement whose rows are computed as they are asked for. */
export async function streamStatement(
  api: Opened["api"],
  connection: DuckDBConnection,
  statement: BoundStatement,
): Promise<DuckDBResult> {
  const prepared = await prepare(api, connection, statement);
  return prepared === undefined ? connection.stream(statement.sql) : prepared.stream();
}

/** Planning opens the files' metadata, and a prepared statement is planned twice, so only parameters make one. */
async function prepare(
  api: Opened["api"],
  connection: DuckDBConnection,
  { sql, parameters = [] }: BoundStatement,
): Promise<DuckDBPreparedStatement | undefined> {
  if (parameters.length === 0) return undefined;
  const prepared = await connection.prepare(sql);
  for (const [i, value] of parameters.entries()) {
    const parameter = parameterValue(api, value);
    prepared.bindValue(i + 1, parameter, isLong(parameter) ? api.BIGINT : undefined);
  }
  return prepared;
}

/** An interrupted stream seems to end, so the signal is asked whether it did. */
export async function* chunksOf(
  result: DuckDBResult,
  signal: AbortSignal,
): AsyncGenerator<DuckDBDataChunk> {
  for (;;) {
    const chunk = await result.fetchChunk();
    signal.throwIfAborted();
    if (chunk === null || chunk.rowCount === 0) return;
    yield chunk;
  }
}

function isLong(value: unknown): boolean {
  return typeof value === "bigint" && BigInt.asIntN(64, value) === value;
}
