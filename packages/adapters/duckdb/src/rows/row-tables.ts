import type { DuckDBConnection } from "@duckdb/node-api";
import type { ObjectStore, Row, TableSnapshot } from "@ecap/sdk";
import { turns } from "@ecap/sdk/lake";
import type { Opened } from "../engine/open-instance.ts";
import { name, text } from "../lake/sql.ts";
import { tableSelect } from "../lake/table-select.ts";
import { duckdbCell } from "./duckdb-cell.ts";

/** Rows as a table of DuckDB, in use until released. */
export interface HeldRows {
  /** A SELECT over the tenant's rows, in the columns and types of the lake table. */
  readonly select: string;
  readonly release: () => void;
}

/** Rows given with queries. They are put into DuckDB once for all queries that bring them, also where a later one brings more after them. */
export interface RowTables {
  hold(snapshot: TableSnapshot, rows: readonly Row[], tenant: string): Promise<HeldRows>;
  /** Resolves when what was forgotten is gone. */
  settled(): Promise<unknown>;
}

export interface RowTablesOptions {
  readonly open: () => Promise<Opened>;
  /** A connection no query runs on. */
  readonly inner: () => Promise<DuckDBConnection>;
  readonly objects: ObjectStore;
}

interface RowTable {
  readonly table: string;
  readonly columns: string;
  /** What it holds, or will when it is filled; a query reads as many of them as it brought. */
  rows: readonly Row[];
  filled: Promise<void>;
  users: number;
}

/** Tables kept for the next query that brings the same rows. */
const maxIdle = 16;
const rowsAtOnce = 100;

export function rowTables({ open, inner, objects }: RowTablesOptions): RowTables {
  /** The one used last is last. */
  let held: readonly RowTable[] = [];
  let made = 0;
  let dropped: Promise<unknown> = Promise.resolve();

  const create = async (table: string, snapshot: TableSnapshot): Promise<void> => {
    const connection = await inner();
    const select = await tableSelect({ snapshot, files: [], objects, look: async () => [] });
    await connection.run(`CREATE TABLE memory.main.${table} AS ${select}`);
  };

  const append = async (
    table: string,
    { schema: { columns } }: TableSnapshot,
    rows: readonly Row[],
  ): Promise<void> => {
    const [{ api }, connection] = await Promise.all([open(), inner()]);
    const appender = await connection.createAppender(table, "main", "memory");
    const types = columns.map((_, i) => appender.columnType(i));
    const takeTurns = turns();
    for (let start = 0; start < rows.length; start += rowsAtOnce) {
      const part = rows.slice(start, start + rowsAtOnce);
      const chunk = api.DuckDBDataChunk.create(types, part.length);
      for (const [i, type] of types.entries()) {
        const column = columns[i]?.name ?? "";
        const cells = part.map((row) => duckdbCell(api, row[column], type));
        chunk.setColumnValues(i, cells);
      }
      appender.appendDataChunk(chunk);
      await takeTurns();
    }
    appender.closeSync();
  };

  const drop = async ({ table, filled }: RowTable): Promise<void> => {
    const connection = await inner();
    await filled.catch(() => {});
    await connection.run(`DROP TABLE IF EXISTS memory.main.${table}`);
  };

  const forget = (gone: ReadonlySet<RowTable>): void => {
    held = held.filter((each) => !gone.has(each));
    for (const each of gone) dropped = Promise.allSettled([dropped, drop(each)]);
  };

  /** The oldest that no query uses go. */
  const tidy = (): void => {
    const idle = held.filter(({ users }) => users === 0);
    forget(new Set(idle.slice(0, Math.max(0, idle.length - maxIdle))));
  };

  /** A table that holds these rows first, or will. */
  const tableOf = (snapshot: TableSnapshot, rows: readonly Row[]): RowTable => {
    const columns = JSON.stringify(snapshot.schema.columns);
    let found = held.find(
      (each) => each.columns === columns && (begins(each.rows, rows) || begins(rows, each.rows)),
    );
    if (found === undefined) {
      const table = `rows_${made++}`;
      found = { table, columns, rows: [], filled: create(table, snapshot), users: 0 };
    }
    const { table, rows: present, filled } = found;
    if (rows.length > present.length) {
      found.rows = rows;
      found.filled = filled.then(() => append(table, snapshot, rows.slice(present.length)));
    }
    return found;
  };

  return {
    settled: () => dropped,
    async hold(snapshot, rows, tenant) {
      const entry = tableOf(snapshot, rows);
      held = [...held.filter((each) => each !== entry), entry];
      entry.users++;
      const release = (): void => {
        entry.users--;
        tidy();
      };
      try {
        await entry.filled;
      } catch (error) {
        entry.users--;
        forget(new Set([entry]));
        throw error;
      }
      const own = `${name("tenant")} = ${text(tenant)}`;
      const select = `SELECT * FROM memory.main.${entry.table} WHERE rowid < ${rows.length} AND ${own}`;
      return { select, release };
    },
  };
}

function begins(rows: readonly Row[], others: readonly Row[]): boolean {
  return rows.length <= others.length && rows.every((row, i) => row === others[i]);
}
