import { randomUUID } from "node:crypto";
import {
  type AppendOptions,
  type AppTransaction,
  type Clock,
  EcapError,
  isEcapError,
  type Logger,
  type ObjectStore,
  type Row,
  type TableSchema,
} from "@ecap/sdk";
import type { Action, AddAction } from "../format/actions.ts";
import { typeName } from "../format/column-type.ts";
import { basicProtocol, checkAppendable } from "../format/protocol.ts";
import { checkSchema, evolveColumns, parseSchema, schemaToString } from "../format/schema.ts";
import { deltaLog } from "../log/delta-log.ts";
import type { TableState } from "../log/table-state.ts";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import { type TableReader, tableReader } from "./table-reader.ts";
import { deleteQuietly, writeFiles } from "./write-files.ts";

export interface DeltaTableOptions {
  readonly objects: ObjectStore;
  readonly codec: ParquetCodec;
  readonly name: string;
  /** Key prefix of the table, ending in `/`. */
  readonly root: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly checkpointInterval: number;
}

/** The operations of TableStore on one table. */
export interface DeltaTable extends TableReader {
  ensure(schema: TableSchema): Promise<void>;
  append(rows: readonly Row[], options: AppendOptions): Promise<number | undefined>;
}

/** Lost races after which a commit gives up. Every lost race is another writer's success. */
const maxAttempts = 200;
/** How long readers of old versions keep finding removed files in checkpoints: a week, as other writers have it. */
const tombstoneRetentionMs = 7 * 86_400_000;

export function deltaTable(options: DeltaTableOptions): DeltaTable {
  const { objects, codec, name, root, clock, logger } = options;
  const log = deltaLog({ objects, codec, root, table: name });
  const reader = tableReader({ objects, root, table: name }, log);
  let turn: Promise<unknown> = Promise.resolve();

  const existing = async (): Promise<TableState> => {
    const state = await log.newest();
    if (!state) throw notFound(`There is no table ${name}`);
    return state;
  };

  const notFound = (message: string) =>
    new EcapError("ECAP_TABLE_NOT_FOUND", message, { received: name });

  const commitInfo = (
    operation: string,
    parameters: Readonly<Record<string, string>>,
    info?: AppendOptions["commitInfo"],
  ): Action => ({
    commitInfo: {
      timestamp: clock.now(),
      operation,
      operationParameters: parameters,
      isBlindAppend: operation === "WRITE",
      engineInfo: "ecap",
      ...(info ? { ecap: info } : {}),
    },
  });

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

  const forget = (adds: readonly AddAction[]): Promise<void> =>
    deleteQuietly(
      objects,
      adds.map((add) => root + add.path),
    );

  const checkpointIfDue = async (state: TableState) => {
    if (state.version === 0 || state.version % options.checkpointInterval !== 0) return;
    try {
      await log.checkpoint(state, clock.now() - tombstoneRetentionMs);
    } catch (error) {
      // The commit stands without it, and the next checkpoint holds everything.
      logger.warn({ table: name, version: state.version, error }, "checkpoint failed");
    }
  };

  return {
    async ensure(schema) {
      checkSchema(schema);
      const state = await commit((current) =>
        ensureActions(current, schema, commitInfo, clock.now()),
      );
      if (state) await checkpointIfDue(state);
    },

    async append(rows, { transactions = [], commitInfo: info }) {
      const before = await existing();
      if (rows.length === 0 || isDone(before, transactions)) return undefined;
      assertExpected(name, before, transactions);
      const schema = parseSchema(before);
      checkAppendable(before.protocol, schema.readOnly);
      const adds = await writeFiles({ objects, codec, root, schema, now: clock.now() }, rows);
      // Where a commit fails its outcome may be unknown, so the files stay; vacuum removes what no version names.
      const committed = await commit((state) => {
        if (!state) throw notFound(`Table ${name} is gone`);
        if (isDone(state, transactions)) return undefined;
        assertExpected(name, state, transactions);
        checkStillFits(name, before, state);
        const parameters = { mode: "Append", partitionBy: JSON.stringify(schema.partitionBy) };
        return [
          commitInfo("WRITE", parameters, info),
          ...appendActions(state, transactions, adds, clock.now()),
        ];
      }).catch(async (error: unknown) => {
        if (isEcapError(error, "ECAP_FENCED")) await forget(adds);
        throw error;
      });
      if (!committed) {
        await forget(adds);
        return undefined;
      }
      await checkpointIfDue(committed);
      return committed.version;
    },

    snapshot: (when) => reader.snapshot(when),
    history: (limit) => reader.history(limit),
  };
}

/** Whether all of this was appended before. */
function isDone(state: TableState, transactions: readonly AppTransaction[]): boolean {
  return transactions.length > 0 && transactions.every((txn) => !advances(state, txn));
}

function advances(state: TableState, { appId, version }: AppTransaction): boolean {
  const reached = state.transactions.get(appId);
  return reached === undefined || reached.version < version;
}

function assertExpected(
  table: string,
  state: TableState,
  transactions: readonly AppTransaction[],
): void {
  for (const { appId, expected } of transactions) {
    const stored = state.transactions.get(appId)?.version ?? 0;
    if (expected === undefined || expected === stored) continue;
    throw new EcapError(
      "ECAP_FENCED",
      `Table ${table}: another writer brought ${appId} from ${expected} to ${stored}`,
      { received: expected },
    );
  }
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

/** Rows written for one schema fit another that only added nullable columns. */
function checkStillFits(table: string, before: TableState, now: TableState): void {
  if (before.metaData === now.metaData && before.protocol === now.protocol) return;
  const [old, current] = [parseSchema(before), parseSchema(now)];
  checkAppendable(now.protocol, current.readOnly);
  const types = new Map(current.columns.map(({ name, type }) => [name, typeName(type)]));
  const known = new Set(old.columns.map((column) => column.name));
  const fits =
    before.metaData.id === now.metaData.id &&
    old.partitionBy?.join("\n") === current.partitionBy?.join("\n") &&
    old.columns.every(({ name, type }) => types.get(name) === typeName(type)) &&
    current.columns.every(({ name, nullable }) => known.has(name) || nullable !== false);
  if (!fits) throw new EcapError("ECAP_TABLE_CONFLICT", `Table ${table} was changed meanwhile`);
}

function ensureActions(
  current: TableState | undefined,
  schema: TableSchema,
  commitInfo: (operation: string, parameters: Readonly<Record<string, string>>) => Action,
  now: number,
): Action[] | undefined {
  if (!current) {
    const metaData = {
      id: randomUUID(),
      schemaString: schemaToString(schema.columns),
      partitionColumns: schema.partitionBy ?? [],
      configuration: {},
      createdTime: now,
    };
    return [commitInfo("CREATE TABLE", {}), { protocol: basicProtocol }, { metaData }];
  }
  const before = parseSchema(current);
  const columns = evolveColumns(before, schema);
  if (columns.length === before.columns.length) return undefined;
  checkAppendable(current.protocol, before.readOnly);
  return [
    commitInfo("ADD COLUMNS", {}),
    { metaData: { ...current.metaData, schemaString: schemaToString(columns) } },
  ];
}
