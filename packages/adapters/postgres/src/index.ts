export type { ClosableDatabase } from "./lazy-database.ts";
export { type PgliteDatabaseOptions, pgliteDatabase } from "./pglite-database.ts";
export { type PostgresDatabaseOptions, postgresDatabase } from "./postgres-database.ts";
