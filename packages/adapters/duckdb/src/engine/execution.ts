import type { DuckDBConnection } from "@duckdb/node-api";
import type { ObjectStore, Query, QueryProvenance, TableSnapshot, TableStore } from "@ecap/sdk";
import { type LakeView, lakeView } from "../lake/lake-view.ts";
import { name as identifier } from "../lake/sql.ts";
import type { HeldRows, RowTables } from "../rows/row-tables.ts";
import { viewWithRows } from "../rows/view-with-rows.ts";
import type { StatementReader } from "../statement/statement-reader.ts";
import type { Travel } from "../statement/time-travel.ts";
import { interruptOn } from "./interrupt-on.ts";
import type { Session, SessionPool } from "./session-pool.ts";

/** A query that can run: on this connection its tables' names stand for what it is to read. */
export interface Ready {
  readonly connection: DuckDBConnection;
  readonly sql: string;
  readonly provenance: QueryProvenance;
}

export interface ExecutionParts {
  readonly tables: TableStore;
  readonly objects: ObjectStore;
  readonly read: StatementReader;
  readonly rows: RowTables;
  readonly pool: SessionPool;
}

/** A table as the query reads it: by its name, at a version, with rows beside it. */
interface Source {
  readonly name: string;
  readonly snapshot: TableSnapshot;
  readonly view: LakeView;
}

/** Makes a query ready, does the step with it and lets go of all it held. */
export async function execute<T>(
  parts: ExecutionParts,
  query: Query,
  signal: AbortSignal,
  step: (ready: Ready) => Promise<T>,
): Promise<T> {
  const { sql, travels } = await parts.read(query.sql, Object.keys(query.tables));
  const snapshots = await takeSnapshots(parts.tables, query, travels);
  const held: HeldRows[] = [];
  let release: (() => void) | undefined;
  try {
    const sources: Source[] = [];
    for (const [table, snapshot] of snapshots) {
      const view = lakeView(snapshot, parts.objects, query.tenant);
      const { rows = [] } = query.tables[table] ?? {};
      if (rows.length > 0) held.push(await parts.rows.hold(snapshot, rows, query.tenant));
      const beside = rows.length > 0 ? held.at(-1) : undefined;
      sources.push({
        name: table,
        snapshot,
        view: beside ? viewWithRows(view, beside.select) : view,
      });
    }
    release = await parts.objects.leaseLocal?.(
      sources.flatMap(({ view }) => view.files),
      signal,
    );
    const suits = (session: Session): boolean =>
      sources.every((source) => session.views.get(source.name) === source.view.key);
    return await parts.pool.use({ suits, signal }, (session) =>
      withViews(session, sources, signal, () =>
        step({ connection: session.connection, sql, provenance: provenanceOf(query, sources) }),
      ),
    );
  } finally {
    release?.();
    for (const rows of held) rows.release();
  }
}

/** By the names that the statement has for them. */
async function takeSnapshots(
  tables: TableStore,
  query: Query,
  travels: readonly Travel[],
): Promise<ReadonlyArray<readonly [string, TableSnapshot]>> {
  const declared = Object.entries(query.tables).map(([name, { version, at }]) => {
    const when = { ...(version !== undefined && { version }), ...(at !== undefined && { at }) };
    return { name, table: name, when };
  });
  return Promise.all(
    [...declared, ...travels].map(
      async ({ name, table, when }) => [name, await tables.snapshot(table, when)] as const,
    ),
  );
}

/** Does the step while the names stand for the views. Those of time travel are gone after, for there is no end of them. */
async function withViews<T>(
  session: Session,
  sources: readonly Source[],
  signal: AbortSignal,
  step: () => Promise<T>,
): Promise<T> {
  const stopInterrupting = interruptOn(signal, session.connection);
  try {
    for (const source of sources) await showView(session, source);
    return await step();
  } finally {
    stopInterrupting();
    for (const { name: shown, snapshot } of sources) {
      if (shown === snapshot.table) continue;
      session.views.delete(shown);
      await session.connection
        .run(`DROP VIEW IF EXISTS temp.main.${identifier(shown)}`)
        .catch(() => {});
    }
  }
}

function provenanceOf({ tables }: Query, sources: readonly Source[]): QueryProvenance {
  const read = sources.filter(({ name: table }) => table in tables);
  const times = sources.map(({ snapshot }) => snapshot.timestamp);
  return {
    versions: Object.fromEntries(sources.map((each) => [each.name, each.snapshot.version])),
    reads: Object.fromEntries(
      read.map(({ name: table, snapshot }) => {
        const { rows } = tables[table] ?? {};
        return [table, { version: snapshot.version, ...(rows && { rows }) }];
      }),
    ),
    asOf: times.length === 0 ? Date.now() : Math.max(...times),
  };
}

/** Makes the table's name stand for the view on this connection. */
async function showView(session: Session, { name: table, view }: Source): Promise<void> {
  if (session.views.get(table) === view.key) return;
  session.views.delete(table);
  const { connection } = session;
  const select = await view.select(async (sql) => (await connection.runAndReadAll(sql)).getRows());
  await connection.run(`CREATE OR REPLACE TEMP VIEW ${identifier(table)} AS ${select}`);
  session.views.set(table, view.key);
}
