import type { ConnectionOptions } from "node:tls";
import { EcapError, type Logger } from "@ecap/sdk";
import type { PostgresPool } from "kysely";
import { textTypes } from "../value-types.ts";
import { serverOf } from "./database-error.ts";
import { guardedPool } from "./guarded-pool.ts";

export interface PoolOptions {
  readonly connectionString: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
  readonly lockTimeoutMs?: number;
  readonly readOnly?: boolean;
  readonly tls: boolean | ConnectionOptions | undefined;
  readonly logger: Logger;
}

/** The server ends a statement at its time limit; one that does not answer even then is given up so much later. */
const answerGraceMs = 5_000;

export async function makePool(options: PoolOptions): Promise<PostgresPool> {
  const { connectionString, tls, logger, lockTimeoutMs } = options;
  const { default: pg } = await loadPg();
  const types = new pg.TypeOverrides();
  for (const [id, read] of Object.entries(textTypes)) types.setTypeParser(Number(id), read);
  const pool = new pg.Pool({
    connectionString,
    max: options.maxConnections,
    connectionTimeoutMillis: options.connectTimeoutMs,
    idleTimeoutMillis: options.idleTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: options.statementTimeoutMs + answerGraceMs,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs,
    ...(lockTimeoutMs !== undefined && { lock_timeout: lockTimeoutMs }),
    ...(options.readOnly === true && { options: "-c default_transaction_read_only=on" }),
    ...(tls !== undefined && { ssl: tls }),
    keepAlive: true,
    application_name: "ecap",
    types,
  });
  const server = serverOf(connectionString);
  // A connection that breaks while nothing is asked of it is replaced. Without listeners, on the pool for idle ones and on those in use, it would end the process.
  const warn = ({ message }: Error) =>
    logger.warn({ server, message }, "a database connection broke");
  pool.on("error", warn);
  pool.on("connect", (client) => client.on("error", warn));
  return guardedPool(pool, server);
}

async function loadPg() {
  try {
    return await import("pg");
  } catch (error) {
    throw new EcapError(
      "ECAP_DEPENDENCY_NOT_INSTALLED",
      "a PostgreSQL server needs the package pg",
      { cause: error },
    );
  }
}
