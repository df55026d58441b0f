import type { DuckDBConnection } from "@duckdb/node-api";
import { name, text } from "../lake/sql.ts";
import { checkStatement, type TableReference } from "./check-statement.ts";
import { type Travel, timeTravel } from "./time-travel.ts";

/** A statement that reads the declared tables and nothing else. */
export interface Statement {
  readonly sql: string;
  /** Tables it names at a version or a time, by names that are to stand for them. */
  readonly travels: readonly Travel[];
}

/** Reads a statement that may name these tables; ECAP_QUERY_INVALID of one that does more. */
export type StatementReader = (sql: string, tables: readonly string[]) => Promise<Statement>;

/** Statements that are remembered. */
const maxKnown = 1_000;

export function statementReader(connect: () => Promise<DuckDBConnection>): StatementReader {
  const known = new Map<string, Statement>();

  let last: Promise<unknown> = Promise.resolve();

  /** One after another, for two would wait for the connection on two of Node's worker threads. */
  const syntaxTree = (sql: string): Promise<string> => {
    const tree = last.then(async () => {
      const connection = await connect();
      const read = await connection.runAndReadAll(`SELECT json_serialize_sql(${text(sql)})`);
      return String(read.getRows()[0]?.[0]);
    });
    last = tree.catch(() => {});
    return tree;
  };

  const read = async (given: string, tables: readonly string[]): Promise<Statement> => {
    const { sql, travels } = timeTravel(given);
    const declared = travels.flatMap((travel) => withTable(travel, tables));
    const names = [...tables, ...declared.map((travel) => travel.name)];
    const references = checkStatement(await syntaxTree(sql), new Set(names));
    return { sql: withAliases(sql, references, declared), travels: declared };
  };

  return async (sql, tables) => {
    const key = JSON.stringify([sql, ...tables]);
    const statement = known.get(key) ?? (await read(sql, tables));
    if (known.size >= maxKnown) known.clear();
    known.set(key, statement);
    return statement;
  };
}

/** The travel with the table as it is declared; none where it is not. */
function withTable(travel: Travel, tables: readonly string[]): Travel[] {
  const table = tables.find((each) => each.toLowerCase() === travel.table.toLowerCase());
  return table === undefined ? [] : [{ ...travel, table }];
}

/** Columns of a table at a version are named by the table, as in `orders.id`, where the statement gives it no other name. */
function withAliases(
  sql: string,
  references: readonly TableReference[],
  travels: readonly Travel[],
): string {
  let bytes = Buffer.from(sql);
  for (const { table, hasAlias, at } of references.toSorted((a, b) => b.at - a.at)) {
    const travel = travels.find((each) => each.name.toLowerCase() === table.toLowerCase());
    if (travel === undefined || hasAlias) continue;
    const end = at + Buffer.byteLength(name(table));
    const alias = Buffer.from(` AS ${name(travel.table)}`);
    bytes = Buffer.concat([bytes.subarray(0, end), alias, bytes.subarray(end)]);
  }
  return bytes.toString();
}
