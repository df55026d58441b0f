import type { PGlite } from "@electric-sql/pglite";
import {
  CompiledQuery,
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
  let queue: Promise<void> = Promise.resolve();
  let release = (): void => {};
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
      const before = queue;
      let done = (): void => {};
      queue = new Promise((resolve) => {
        done = resolve;
      });
      await before;
      release = done;
      return connection;
    },
    releaseConnection: async () => release(),
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
