import {
  type AppendOptions,
  type AppTransaction,
  EcapError,
  isEcapError,
  type Row,
  type TableSchema,
} from "@ecap/sdk";
import type { Action, AddAction } from "../format/actions.ts";
import { checkSchema, evolveColumns, parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";
import { addColumns } from "../operations/alter.ts";
import { newDefinition } from "../operations/create-table.ts";
import { writeRows } from "../operations/write-rows.ts";
import { afterCommit } from "./after-commit.ts";
import { advances, assertExpected, isDone } from "./application-versions.ts";
import { noReads } from "./change.ts";
import { forgetFiles } from "./commit-change.ts";
import { commitInfo, type Told } from "./commit-info.ts";
import { checkStillFits } from "./still-fits.ts";
import { existingTable, placeOf, type TableContext } from "./table-context.ts";
import { type TableReader, tableReader } from "./table-reader.ts";
import { checkAppendable, checkWritable } from "./writable.ts";

/** The operations of TableStore on one table. */
export interface DeltaTable extends TableReader {
  ensure(schema: TableSchema): Promise<void>;
  append(rows: readonly Row[], options: AppendOptions): Promise<number | undefined>;
}

/** What an append is refused with once its files are there, so that no commit names them. */
const refusals = ["ECAP_FENCED", "ECAP_TABLE_CONFLICT", "ECAP_TABLE_UNSUPPORTED"] as const;
/** Lost races after which a commit gives up. Every lost race is another writer's success. */
const maxAttempts = 200;

export function deltaTable(table: TableContext): DeltaTable {
  const { name, log, clock } = table;
  const reader = tableReader(placeOf(table), log, table.archive);
  let turn: Promise<unknown> = Promise.resolve();

  const notFound = (message: string) =>
    new EcapError("ECAP_TABLE_NOT_FOUND", message, { received: name });

  /**
   * Commits what `prepare` makes of the newest state; it is asked again after every lost race, and undefined ends it without a commit.
   * Commits of this process take turns, so they race only with other processes.
   */
  const commit = (
    prepare: (state: TableState | undefined) => readonly Action[] | undefined,
  ): Promise<TableState | undefined> => {
    const result = turn.then(async () => {
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const state = await log.newest();
        const actions = prepare(state);
        if (!actions) return undefined;
        const committed = await log.tryCommit(state, actions);
        if (committed) return committed;
      }
      throw new EcapError(
        "ECAP_TABLE_CONFLICT",
        `Table ${name}: lost ${maxAttempts} races to commit`,
      );
    });
    turn = result.catch(() => {});
    return result;
  };

  const describe = (state: TableState | undefined, told: Told) =>
    commitInfo(table, state, told, "write-serializable");

  const forget = (adds: readonly AddAction[]): Promise<void> =>
    forgetFiles(
      table,
      adds.map((add) => add.path),
    );

  return {
    async ensure(schema) {
      checkSchema(schema);
      const state = await commit((current) => {
        const change = ensured(current, schema, clock.now());
        if (!change) return undefined;
        return [describe(current, { ...change, reads: noReads }), ...change.actions];
      });
      if (state) await afterCommit(table, state);
    },

    async append(rows, { transactions = [], commitInfo: info }) {
      const before = await existingTable(table);
      if (rows.length === 0 || isDone(before, transactions)) return undefined;
      assertExpected(name, before, transactions);
      checkAppendable(before);
      const adds = await writeRows(table, before, rows);
      const parameters = { mode: "Append", partitionBy: before.metaData.partitionColumns };
      // Where a commit fails its outcome may be unknown, so the files stay; vacuum removes what no version names.
      const committed = await commit((state) => {
        if (!state) throw notFound(`Table ${name} is gone`);
        if (isDone(state, transactions)) return undefined;
        assertExpected(name, state, transactions);
        checkStillFits(name, before, state);
        const actions = appendActions(state, transactions, adds, clock.now());
        const told = { operation: "WRITE", parameters, actions, reads: noReads };
        return [describe(state, info ? { ...told, info } : told), ...actions];
      }).catch(async (error: unknown) => {
        if (refusals.some((code) => isEcapError(error, code))) await forget(adds);
        throw error;
      });
      if (!committed) {
        await forget(adds);
        return undefined;
      }
      await afterCommit(table, committed);
      return committed.version;
    },

    snapshot: (when) => reader.snapshot(when),
    history: (options) => reader.history(options),
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
