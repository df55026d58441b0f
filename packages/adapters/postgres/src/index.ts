export type { ClosableDatabase } from "./lazy-database.ts";
export { type PgliteDatabaseOptions, pgliteDatabase } from "./pglite-database.ts";
export {
  type PostgresDatabase,
  type PostgresDatabaseOptions,
  type PostgresPoolOptions,
  type PostgresServerOptions,
  postgresDatabase,
} from "./postgres-database.ts";
