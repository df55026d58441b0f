import { isEcapError } from "@ecap/sdk";
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";
import { databaseError } from "./database-error.ts";

/** The pool with errors of ECAP. A connection that failed itself is not given to anyone again. */
export function guardedPool(pool: PostgresPool, server: string): PostgresPool {
  const told = (error: unknown) => databaseError(error, server) ?? error;
  return {
    ...(pool.Client && { Client: pool.Client }),
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      try {
        return guardedClient(await pool.connect(), told);
      } catch (error) {
        throw told(error);
      }
    },
  };
}

function guardedClient(
  client: PostgresPoolClient,
  told: (error: unknown) => unknown,
): PostgresPoolClient {
  let broken: unknown;

  function query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    return typeof statement === "string" ? ask(statement, parameters) : client.query(statement);
  }

  async function ask<R>(
    sql: string,
    parameters: readonly unknown[],
  ): Promise<PostgresQueryResult<R>> {
    // A rollback need not wait once more for a server that does not answer.
    if (broken !== undefined) throw broken;
    try {
      return await client.query<R>(sql, parameters);
    } catch (error) {
      const known = told(error);
      if (isEcapError(known, "ECAP_SERVICE_UNREACHABLE")) broken = known;
      throw known;
    }
  }

  return {
    ...(client.processID !== undefined && { processID: client.processID }),
    query,
    release: (destroy) => client.release(destroy === true || broken !== undefined),
  };
}
