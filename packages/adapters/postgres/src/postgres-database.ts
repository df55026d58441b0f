import { EcapError, type Logger, silentLogger } from "@ecap/sdk";
import { Kysely, PostgresDialect, type PostgresPool } from "kysely";
import { type ClosableDatabase, lazyDatabase } from "./lazy-database.ts";
import { textTypes } from "./value-types.ts";

export type PostgresDatabaseOptions = {
  readonly logger?: Logger;
} & (
  | {
      /** As in `postgresql://user:password@host/database`. */
      readonly connectionString: string;
      /** Default 10. */
      readonly maxConnections?: number;
      /** How long to wait for a connection. Default 10,000. */
      readonly connectTimeoutMs?: number;
    }
  | {
      /** A pool of your own, which `close` ends. */
      readonly pool: PostgresPool;
    }
);

/** A PostgreSQL server, connected to with the first `open`. */
export function postgresDatabase(options: PostgresDatabaseOptions): ClosableDatabase {
  return lazyDatabase(async () => {
    const pool = "pool" in options ? options.pool : await makePool(options);
    return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  });
}

async function makePool({
  connectionString,
  maxConnections = 10,
  connectTimeoutMs = 10_000,
  logger = silentLogger,
}: Extract<PostgresDatabaseOptions, { connectionString: string }>): Promise<PostgresPool> {
  const { default: pg } = await loadPg();
  const types = new pg.TypeOverrides();
  for (const [id, read] of Object.entries(textTypes)) types.setTypeParser(Number(id), read);
  const pool = new pg.Pool({
    connectionString,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    types,
  });
  // An idle connection that breaks is replaced; without a listener it would end the process.
  pool.on("error", (error) =>
    logger.warn({ message: error.message }, "an idle database connection broke"),
  );
  return pool;
}

async function loadPg() {
  try {
    return await import("pg");
  } catch (error) {
    throw new EcapError(
      "ECAP_DEPENDENCY_NOT_INSTALLED",
      "a PostgreSQL server needs the package pg",
      {
        cause: error,
      },
    );
  }
}
