import { isEcapError } from "../errors/ecap-error.ts";
import type { Logger } from "../ports/logger.ts";
import type { AppTransaction, Row, TableSchema, TableStore } from "../ports/table-store.ts";
import { bronzeSchema, bronzeTableName } from "./bronze-table.ts";
import { fits } from "./fits.ts";
import { type LakeTable, lakeTableSchema } from "./lake-table.ts";
import { sinkAppId, sinkOffsets } from "./sink-transactions.ts";

/** The tables of one topic's sink, each with how far it holds the topic. */
export interface SinkTables {
  /** Another process may have written since: what its commits say counts. Calls that come together are answered together. */
  readOffsets(): Promise<unknown>;
  /** The offset that everything before is in the table. */
  reached(table: string, partition: number): number;
  /** Appends the rows the table has not, with the offset reached by partition. */
  write(table: string, rows: readonly Row[], next: ReadonlyMap<number, number>): Promise<void>;
  /** As {@link SinkTables.write}; rows that do not fit are left out, and counted in what is resolved. */
  writeFitting(
    table: string,
    rows: readonly Row[],
    next: ReadonlyMap<number, number>,
  ): Promise<number>;
}

/** Attempts at a write while other processes write what it holds. */
const maxFenced = 20;

/** Makes the tables where they are not there yet, and reads how far they are. */
export async function openSinkTables({
  topic,
  tables,
  tableStore,
  logger,
}: {
  readonly topic: string;
  readonly tables: readonly LakeTable[];
  readonly tableStore: TableStore;
  readonly logger: Logger;
}): Promise<SinkTables> {
  const schemas = new Map<string, TableSchema>([
    [bronzeTableName(topic), bronzeSchema],
    ...tables.map((table) => [table.name, lakeTableSchema(table)] as const),
  ]);
  /** Offsets written, by table and partition. */
  const written = new Map<string, Map<number, number>>();
  /** Tables whose last append failed, which may have been done all the same: their offsets are read again before the next. */
  const inDoubt = new Set<string>();
  let reading: Promise<unknown> | undefined;

  async function offsetsOf(name: string): Promise<Map<number, number>> {
    const { transactions } = await tableStore.snapshot(name);
    const offsets = sinkOffsets(topic, transactions);
    written.set(name, offsets);
    return offsets;
  }

  async function write(
    name: string,
    given: readonly Row[],
    next: ReadonlyMap<number, number>,
  ): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const offsets = inDoubt.has(name)
        ? await offsetsOf(name)
        : (written.get(name) ?? new Map<number, number>());
      const reachedIn = (partition: unknown): number => offsets.get(Number(partition)) ?? 0;
      const rows = given.filter((row) => Number(row["offset"]) >= reachedIn(row["partition"]));
      const ahead = [...next].filter(([partition, offset]) => offset > reachedIn(partition));
      if (rows.length === 0 || ahead.length === 0) break;
      const transactions: AppTransaction[] = ahead.map(([partition, offset]) => ({
        appId: sinkAppId(topic, partition),
        version: offset,
        expected: reachedIn(partition),
      }));
      inDoubt.add(name);
      try {
        await tableStore.append(name, rows, {
          transactions,
          commitInfo: {
            job: `lake-sink ${topic}`,
            topic,
            from: Object.fromEntries(ahead.map(([partition]) => [partition, reachedIn(partition)])),
            offsets: Object.fromEntries(next),
          },
        });
        for (const [partition, offset] of ahead) offsets.set(partition, offset);
        break;
      } catch (error) {
        // The sink of another process has rows of these partitions: the table's offsets say which are left for this one.
        if (!isEcapError(error, "ECAP_FENCED") || attempt >= maxFenced) throw error;
      }
    }
    inDoubt.delete(name);
  }

  for (const [name, schema] of schemas) {
    await tableStore.ensure(name, schema);
    await offsetsOf(name);
  }

  return {
    readOffsets() {
      reading ??= Promise.all([...schemas.keys()].map(offsetsOf)).finally(() => {
        reading = undefined;
      });
      return reading;
    },
    reached: (table, partition) => written.get(table)?.get(partition) ?? 0,
    write,
    async writeFitting(name, given, next) {
      try {
        await write(name, given, next);
        return 0;
      } catch (error) {
        // Rows that do not fit their table are a mistake of the table's own code: it lacks them, and nobody else does.
        const schema = schemas.get(name);
        if (schema === undefined || !isEcapError(error, "ECAP_TABLE_SCHEMA")) throw error;
        const fitting = given.filter((row) => fits(row, schema));
        const lacking = given.length - fitting.length;
        if (lacking === 0) throw error;
        await write(name, fitting, next);
        const about = { topic, table: name, rows: lacking, error: String(error) };
        logger.error(about, "rows do not fit their table and it lacks them");
        return lacking;
      }
    },
  };
}
