import type { DuckDBConnection } from "@duckdb/node-api";
import type { ObjectStore, Row, TableSnapshot } from "@ecap/sdk";
import type { Opened } from "../engine/open-instance.ts";
import { turns } from "../engine/turns.ts";
import { lakeView, name, text } from "../lake/lake-view.ts";
import { duckdbCell } from "./duckdb-cell.ts";

/** Rows as a table of DuckDB, in use until released. */
export interface HeldRows {
  /** A SELECT over the tenant's rows, in the columns and types of the lake table. */
  readonly select: string;
  readonly release: () => void;
}

/** Rows given with queries, each array put into DuckDB once and shared by the queries that bring it. */
export interface RowTables {
  hold(snapshot: TableSnapshot, rows: readonly Row[], tenant: string): Promise<HeldRows>;
}

export interface RowTablesOptions {
  readonly open: () => Promise<Opened>;
  /** A connection no query runs on. */
  readonly inner: () => Promise<DuckDBConnection>;
  readonly objects: ObjectStore;
}

interface RowTable {
  readonly rows: readonly Row[];
  readonly columns: string;
  readonly table: Promise<string>;
  users: number;
}

/** Tables kept for the next query that brings the same rows. */
const maxIdle = 16;
const rowsAtOnce = 100;

export function rowTables({ open, inner, objects }: RowTablesOptions): RowTables {
  let held: readonly RowTable[] = [];
  let made = 0;

  const make = async (snapshot: TableSnapshot, rows: readonly Row[]): Promise<string> => {
    const [{ api }, connection] = await Promise.all([open(), inner()]);
    const table = `rows_${made++}`;
    const empty = lakeView({ ...snapshot, files: [] }, objects, "");
    await connection.run(`CREATE TABLE memory.main.${table} AS ${empty.select}`);
    const appender = await connection.createAppender(table, "main", "memory");
    const { columns } = snapshot.schema;
    const types = columns.map((_, i) => appender.columnType(i));
    const takeTurns = turns();
    for (let start = 0; start < rows.length; start += rowsAtOnce) {
      const part = rows.slice(start, start + rowsAtOnce);
      const chunk = api.DuckDBDataChunk.create(types, part.length);
      for (const [i, type] of types.entries()) {
        const column = columns[i]?.name ?? "";
        chunk.setColumnValues(
          i,
          part.map((row) => duckdbCell(api, row[column], type)),
        );
      }
      appender.appendDataChunk(chunk);
      await takeTurns();
    }
    appender.closeSync();
    return table;
  };

  const drop = async ({ table }: RowTable): Promise<void> => {
    const connection = await inner();
    await connection.run(`DROP TABLE memory.main.${await table}`);
  };

  /** The oldest that no query uses go. */
  const tidy = (): void => {
    const idle = held.filter(({ users }) => users === 0);
    const old = new Set(idle.slice(0, Math.max(0, idle.length - maxIdle)));
    held = held.filter((each) => !old.has(each));
    for (const each of old) drop(each).catch(() => {});
  };

  return {
    async hold(snapshot, rows, tenant) {
      const columns = JSON.stringify(snapshot.schema.columns);
      let entry = held.find((each) => each.rows === rows && each.columns === columns);
      if (entry === undefined) {
        entry = { rows, columns, table: make(snapshot, rows), users: 0 };
        held = [...held, entry];
      }
      const mine = entry;
      mine.users++;
      const release = (): void => {
        mine.users--;
        tidy();
      };
      try {
        const select = `SELECT * FROM memory.main.${await mine.table} WHERE ${name("tenant")} = ${text(tenant)}`;
        return { select, release };
      } catch (error) {
        held = held.filter((each) => each !== mine);
        throw error;
      }
    },
  };
}
