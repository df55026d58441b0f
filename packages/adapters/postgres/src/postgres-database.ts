import type { ConnectionOptions } from "node:tls";
import { EcapError, type Logger, silentLogger } from "@ecap/sdk";
import { Kysely, PostgresDialect, type PostgresPool } from "kysely";
import { type ClosableDatabase, lazyDatabase } from "./lazy-database.ts";
import { schemaOf } from "./migrate.ts";
import { makePool, type PoolOptions } from "./server/make-pool.ts";

export interface PostgresServerOptions {
  /** As in `postgresql://user:password@host/database`; `?sslmode=verify-full` and the like are understood. */
  readonly connectionString: string;
  /** Of a replica, for `openReadOnly`. Default: the server of `connectionString`. */
  readonly readUrl?: string;
  /** Of each of the two servers. Default 10. */
  readonly maxConnections?: number;
  /** How long to wait for a connection, be it a new one or one of those in use. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** A connection that nobody used for so long is closed. Default 30,000. */
  readonly idleTimeoutMs?: number;
  /** Default 30,000. */
  readonly statementTimeoutMs?: number;
  /** A transaction in which nothing is asked for so long is rolled back and its connection closed. Default 60,000. */
  readonly idleInTransactionTimeoutMs?: number;
  /** How long migrations wait for those of another process, or for a table others use. Default 60,000. */
  readonly lockTimeoutMs?: number;
  /** Of one statement of a migration. Default 600,000. */
  readonly migrationTimeoutMs?: number;
  /** TLS, with the options of `node:tls`; true trusts the certificates that Node trusts. Default: as the connection string says. */
  readonly tls?: boolean | ConnectionOptions;
  readonly logger?: Logger;
}

export interface PostgresPoolOptions {
  /** A pool of your own, which `close` ends. Its time limits are yours too. */
  readonly pool: PostgresPool;
  readonly logger?: Logger;
}

export type PostgresDatabaseOptions = PostgresServerOptions | PostgresPoolOptions;

export interface PostgresDatabase extends ClosableDatabase {
  /**
   * The owner's tables for reading, on the replica of `readUrl` where there is one. What is read can be older than what was written a moment ago, and
   * tables that `open` just made can be missing: use it for reports, never for a decision or right after a write. A write is an error.
   */
  openReadOnly<Tables>(owner: string): Promise<Kysely<Tables>>;
}

/**
 * A PostgreSQL server, connected to with the first `open`. A server that cannot be reached, goes away or does not answer is
 * ECAP_SERVICE_UNREACHABLE, and the next call connects anew; wrong credentials are ECAP_SERVICE_DENIED; a statement past its time is
 * ECAP_QUERY_TIMEOUT. No error and no log line holds a connection string.
 */
export function postgresDatabase(options: PostgresDatabaseOptions): PostgresDatabase {
  if ("pool" in options) {
    const main = async () => kyselyOn(options.pool);
    return withReading(lazyDatabase(main), main);
  }
  const { connectionString, readUrl = connectionString } = options;
  const shared = poolOptions(options);
  const primary = lazyDatabase(async () => kyselyOn(await makePool(shared)), {
    async migrator() {
      const { lockTimeoutMs = 60_000, migrationTimeoutMs: statementTimeoutMs = 600_000 } = options;
      const limits = { maxConnections: 1, lockTimeoutMs, statementTimeoutMs };
      return kyselyOn(await makePool({ ...shared, ...limits }));
    },
  });
  const reading = { ...shared, connectionString: readUrl, readOnly: true };
  return withReading(primary, async () => kyselyOn(await makePool(reading)), true);
}

function poolOptions(options: PostgresServerOptions): PoolOptions {
  return {
    connectionString: options.connectionString,
    maxConnections: options.maxConnections ?? 10,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
    statementTimeoutMs: options.statementTimeoutMs ?? 30_000,
    idleInTransactionTimeoutMs: options.idleInTransactionTimeoutMs ?? 60_000,
    tls: options.tls,
    logger: options.logger ?? silentLogger,
  };
}

/** `own`: the reader has a pool of its own, to be closed too. */
function withReading(
  database: ClosableDatabase,
  connect: () => Promise<Kysely<unknown>>,
  own = false,
): PostgresDatabase {
  let reader: Promise<Kysely<unknown>> | undefined;
  let closed = false;
  return {
    open: (owner, migrations) => database.open(owner, migrations),
    async openReadOnly<Tables>(owner: string) {
      if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "the database was closed");
      const db = await (reader ??= connect());
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the owner's migrations make these tables
      return db.withSchema(schemaOf(owner)) as Kysely<Tables>;
    },
    async close() {
      closed = true;
      await database.close();
      if (own) await (await reader)?.destroy();
    },
  };
}

function kyselyOn(pool: PostgresPool): Kysely<unknown> {
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
}
