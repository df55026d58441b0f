import type { Row, TableSchema } from "../ports/table-store.ts";
import { bronzeSchema } from "./bronze-table.ts";
import { fits } from "./fits.ts";
import { bronzeRow, typedRows } from "./lake-rows.ts";
import { type LakeTable, lakeTableSchema, typesFrom } from "./lake-table.ts";
import type { TailEvent } from "./topic-tail.ts";
import { turns } from "./turns.ts";

export interface RowsWanted {
  readonly tenant: string;
  /** The table's version, and up to where it holds the topic. */
  readonly version: number;
  readonly writtenTo: (partition: number) => number;
}

/** How one table gets its rows from one topic. */
export interface RowSource {
  readonly topic: string;
  /** The tenant's rows that the sink will write after that version. The same array for the same tail, tenant and version. */
  rows(tail: readonly TailEvent[], wanted: RowsWanted): Promise<readonly Row[]>;
}

export function bronzeSource(topic: string): RowSource {
  return rowSource(topic, bronzeSchema, ({ record, event }) => [bronzeRow(record, event)]);
}

export function typedSource(table: LakeTable, topic: string): RowSource {
  const types = typesFrom(table, topic);
  return rowSource(topic, lakeTableSchema(table), ({ record, event }) =>
    types.has(event.type) ? typedRows(table, record, event) : [],
  );
}

/** Each event's rows are made once. As in the sink, a table whose code cannot read an event lacks it, and so it does rows that do not fit. */
function rowSource(
  topic: string,
  schema: TableSchema,
  make: (event: TailEvent) => readonly Row[],
): RowSource {
  const made = new WeakMap<TailEvent, readonly Row[]>();
  const answers = new WeakMap<readonly TailEvent[], Map<string, Promise<readonly Row[]>>>();

  function rowsOf(event: TailEvent): readonly Row[] {
    let rows = made.get(event);
    if (rows === undefined) {
      rows = attempt(() => make(event)).filter((row) => fits(row, schema));
      made.set(event, rows);
    }
    return rows;
  }

  async function unwritten(
    tail: readonly TailEvent[],
    { tenant, writtenTo }: RowsWanted,
  ): Promise<readonly Row[]> {
    const own = tail.filter(({ event }) => event.tenant === tenant);
    const isWritten = ({ record }: TailEvent): boolean =>
      record.offset < writtenTo(record.partition);
    const known = new Set(own.filter(isWritten).map(({ key }) => key));
    const rows: Row[] = [];
    const takeTurns = turns();
    for (const event of own) {
      if (known.has(event.key)) continue;
      known.add(event.key);
      rows.push(...rowsOf(event));
      await takeTurns();
    }
    return rows;
  }

  return {
    topic,
    rows(tail, wanted) {
      const known = answers.get(tail) ?? new Map<string, Promise<readonly Row[]>>();
      answers.set(tail, known);
      const key = `${wanted.version} ${wanted.tenant}`;
      const answer = known.get(key) ?? unwritten(tail, wanted);
      known.set(key, answer);
      return answer;
    },
  };
}

function attempt(make: () => readonly Row[]): readonly Row[] {
  try {
    return make();
  } catch {
    return [];
  }
}
