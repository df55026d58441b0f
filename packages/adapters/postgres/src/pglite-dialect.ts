import type { PGlite } from "@electric-sql/pglite";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";

/** Kysely on a PGlite instance. PGlite has one connection: it is lent to one query or transaction at a time, in the order they asked. */
export function pgliteDialect(pglite: PGlite, onDestroy: () => Promise<void>): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => pgliteDriver(pglite, onDestroy),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

function pgliteDriver(pglite: PGlite, onDestroy: () => Promise<void>): Driver {
  const waiting: Array<() => void> = [];
  let lent = false;
  const run = async (statement: string): Promise<void> => {
    await pglite.query(statement);
  };
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      const { rows, affectedRows } = await pglite.query<Row>(sql, [...parameters]);
      return { rows, numAffectedRows: BigInt(affectedRows ?? 0) };
    },
    async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
      yield await connection.executeQuery<Row>(query);
    },
  };
  return {
    init: async () => {},
    async acquireConnection() {
      if (lent) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
      lent = true;
      return connection;
    },
    async releaseConnection() {
      const next = waiting.shift();
      if (next === undefined) lent = false;
      else next();
    },
    async beginTransaction(_, { isolationLevel, accessMode }) {
      const level = isolationLevel === undefined ? "" : ` isolation level ${isolationLevel}`;
      const mode = accessMode === undefined ? "" : ` ${accessMode}`;
      await run(`begin${level}${mode}`);
    },
    commitTransaction: () => run("commit"),
    rollbackTransaction: () => run("rollback"),
    savepoint: async (_, name) => run(`savepoint "${name.replaceAll('"', '""')}"`),
    rollbackToSavepoint: async (_, name) =>
      run(`rollback to savepoint "${name.replaceAll('"', '""')}"`),
    releaseSavepoint: async (_, name) => run(`release savepoint "${name.replaceAll('"', '""')}"`),
    destroy: onDestroy,
  };
}
