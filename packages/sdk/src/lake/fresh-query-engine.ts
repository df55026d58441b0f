import { setTimeout } from "node:timers/promises";
import type { Logger } from "../ports/logger.ts";
import type { Query, QueryEngine, QueryProvenance, TableRead } from "../ports/query-engine.ts";
import type { FreshRead, FreshReads } from "./fresh-reads.ts";

export interface FreshQueryEngineOptions {
  readonly engine: QueryEngine;
  /** Made when a first query asks for them. */
  readonly reads: () => Promise<FreshReads>;
  readonly logger: Logger;
  /** A log that takes longer to tell its end is not waited for. Default 1,000. */
  readonly patienceMs?: number;
}

/** A fresh query as one of named versions with rows beside them, and what is to be said of its answer. */
interface Prepared {
  readonly query: Query;
  readonly said: Partial<Pick<QueryProvenance, "asOf" | "behind">>;
}

/** The engine with fresh queries: those are given the rows that the log holds and the tables do not. Where the log does not answer, the tables do. */
export function freshQueryEngine(options: FreshQueryEngineOptions): QueryEngine {
  const { engine } = options;
  const stream = engine.stream?.bind(engine);

  async function prepare(query: Query): Promise<Prepared> {
    if (query.fresh !== true) return { query, said: {} };
    const open = Object.entries(query.tables).filter(([, read]) => saysNothing(read));
    const found = await Promise.all(
      open.map(async ([table]) => ({
        table,
        fresh: await readFresh(table, query.tenant, options),
      })),
    );
    const behind = found.filter(({ fresh }) => fresh === undefined).map(({ table }) => table);
    const fresh = found.flatMap(({ table, fresh: it }) =>
      it === undefined ? [] : [{ table, ...it }],
    );
    const reads = Object.fromEntries(fresh.map(({ table, read }) => [table, read]));
    return {
      query: { ...query, tables: { ...query.tables, ...reads } },
      said: {
        ...(behind.length > 0 && { behind }),
        ...(behind.length === 0 &&
          fresh.length > 0 && { asOf: Math.min(...fresh.map(({ asOf }) => asOf)) }),
      },
    };
  }

  return {
    dialect: engine.dialect,
    async query(given) {
      const { query, said } = await prepare(given);
      return { ...(await engine.query(query)), ...said };
    },
    ...(stream !== undefined && {
      async stream(given: Query) {
        const { query, said } = await prepare(given);
        return { ...(await stream(query)), ...said };
      },
    }),
  };
}

async function readFresh(
  table: string,
  tenant: string,
  { reads, logger, patienceMs = 1_000 }: FreshQueryEngineOptions,
): Promise<FreshRead | undefined> {
  const answered = new AbortController();
  try {
    return await Promise.race([
      reads().then((fresh) => fresh.of(table, tenant)),
      setTimeout(patienceMs, undefined, { signal: answered.signal }),
    ]);
  } catch (error) {
    logger.warn({ table, error: String(error) }, "the newest events could not be read along");
    return undefined;
  } finally {
    answered.abort();
  }
}

/** Whether it is left to the engine what of a table is read. */
function saysNothing({ version, at, rows }: TableRead): boolean {
  return version === undefined && at === undefined && rows === undefined;
}
