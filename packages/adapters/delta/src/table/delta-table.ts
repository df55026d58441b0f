import { type AppendOptions, type AppTransaction, type TableSchema } from "@ecap/sdk";
import { isStream, type RowSource } from "../files/row-source.ts";
import type { Action, AddAction } from "../format/actions.ts";
import { checkSchema, evolveColumns, parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";
import { addColumns } from "../operations/alter.ts";
import { newDefinition } from "../operations/create-table.ts";
import { writeRows } from "../operations/write-rows.ts";
import { advances, assertExpected, isDone } from "./application-versions.ts";
import { noReads } from "./change.ts";
import { commitInfo, type Told } from "./commit-info.ts";
import { commitLoop, goneError } from "./commit-loop.ts";
import { checkStillFits } from "./still-fits.ts";
import { existingTable, placeOf, type TableContext } from "./table-context.ts";
import { type TableReader, tableReader } from "./table-reader.ts";
import { checkAppendable, checkWritable } from "./writable.ts";

/** The operations of TableStore on one table. */
export interface DeltaTable extends TableReader {
  ensure(schema: TableSchema): Promise<void>;
  append(rows: RowSource, options: AppendOptions): Promise<number | undefined>;
}

export function deltaTable(table: TableContext): DeltaTable {
  const { name, log, clock } = table;
  const describe = (state: TableState | undefined, told: Told) =>
    commitInfo(table, state, told, "write-serializable");

  return {
    ...tableReader(placeOf(table), log, table.archive),

    async ensure(schema) {
      checkSchema(schema);
      await commitLoop(table, {
        written: [],
        prepare(state) {
          const change = ensured(state, schema, clock.now());
          if (!change) return undefined;
          return [describe(state, { ...change, reads: noReads }), ...change.actions];
        },
      });
    },

    async append(rows, { transactions = [], commitInfo: info }) {
      const before = await existingTable(table);
      const isEmpty = !isStream(rows) && rows.length === 0;
      if (isEmpty || isDone(before, transactions)) return undefined;
      assertExpected(name, before, transactions);
      if (isStream(rows)) checkWritable(before);
      else checkAppendable(before);
      const adds = await writeRows(table, before, rows);
      if (adds.length === 0) return undefined;
      const parameters = { mode: "Append", partitionBy: before.metaData.partitionColumns };
      const committed = await commitLoop(table, {
        written: adds.map((add) => add.path),
        prepare(state) {
          if (!state) throw goneError(table);
          if (isDone(state, transactions)) return undefined;
          assertExpected(name, state, transactions);
          checkStillFits(name, before, state);
          const actions = appendActions(state, transactions, adds, clock.now());
          const told = { operation: "WRITE", parameters, actions, reads: noReads };
          return [describe(state, info ? { ...told, info } : told), ...actions];
        },
      });
      return committed?.version;
    },
  };
}

function appendActions(
  state: TableState,
  transactions: readonly AppTransaction[],
  adds: readonly AddAction[],
  now: number,
): Action[] {
  const advancing = transactions.filter((txn) => advances(state, txn));
  return [
    ...advancing.map(({ appId, version }) => ({ txn: { appId, version, lastUpdated: now } })),
    ...adds.map((add) => ({ add })),
  ];
}

/** What makes the table be there with at least these columns; undefined where it is already. */
function ensured(current: TableState | undefined, schema: TableSchema, now: number) {
  if (!current) {
    const { protocol, metaData } = newDefinition(schema, now);
    return { operation: "CREATE TABLE", actions: [{ protocol }, { metaData }] };
  }
  const before = parseSchema(current);
  const added = evolveColumns(before, schema).slice(before.columns.length);
  if (added.length === 0) return undefined;
  checkWritable(current);
  return { operation: "ADD COLUMNS", actions: [{ metaData: addColumns(added)(current).metaData }] };
}
