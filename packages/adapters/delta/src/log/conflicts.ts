import type { Action, AddAction } from "../format/actions.ts";

/**
 * How much a transaction minds commits it did not see. `serializable`: any rows it would have read; `write-serializable`: but not those of blind
 * appends, after which it might as well have run; `snapshot`: only files it read or removed, for operations that change no rows.
 */
export type Isolation = "serializable" | "write-serializable" | "snapshot";

/** What a transaction read, and what it is about to write. */
export interface Transaction {
  readonly actions: readonly Action[];
  readonly isolation: Isolation;
  /** Whether it would have read this file, had it been there. */
  wouldRead(add: AddAction): boolean;
  /** Whether every row of the table mattered to it. */
  readonly readWholeTable: boolean;
  /** Paths of files it read. */
  readonly readFiles: ReadonlySet<string>;
  /** Applications whose last version it looked at. */
  readonly readApplications: ReadonlySet<string>;
}

export type ConflictKind =
  | "protocol-changed"
  | "metadata-changed"
  | "concurrent-transaction"
  | "concurrent-append"
  | "concurrent-delete-read"
  | "concurrent-delete-delete";

export interface Conflict {
  readonly kind: ConflictKind;
  /** What both touched: a path or an application. */
  readonly on?: string;
}

/**
 * Why a transaction cannot be committed after another that it did not see; undefined where it can. These are the rules of Spark's ConflictChecker.
 *
 * @see https://github.com/delta-io/delta/blob/master/spark/src/main/scala/org/apache/spark/sql/delta/ConflictChecker.scala
 */
export function findConflict(
  transaction: Transaction,
  winner: readonly Action[],
): Conflict | undefined {
  const writesProtocol = transaction.actions.some((action) => "protocol" in action);
  if (writesProtocol && winner.some((action) => "protocol" in action)) {
    return { kind: "protocol-changed" };
  }
  if (winner.some((action) => "metaData" in action)) return { kind: "metadata-changed" };

  const application = winner.find(
    (action) => "txn" in action && transaction.readApplications.has(action.txn.appId),
  );
  if (application && "txn" in application) {
    return { kind: "concurrent-transaction", on: application.txn.appId };
  }

  const appended = relevantAdds(transaction, winner).find((add) => transaction.wouldRead(add));
  if (appended) return { kind: "concurrent-append", on: appended.path };

  const removed = winner.flatMap((action) => ("remove" in action ? [action.remove.path] : []));
  const read = removed.find(
    (path) => transaction.readWholeTable || transaction.readFiles.has(path),
  );
  if (read !== undefined) return { kind: "concurrent-delete-read", on: read };

  const mine = new Set(
    transaction.actions.flatMap((action) => ("remove" in action ? [action.remove.path] : [])),
  );
  const twice = removed.find((path) => mine.has(path));
  return twice === undefined ? undefined : { kind: "concurrent-delete-delete", on: twice };
}

/** Files of the winner that the transaction should have read by its isolation. */
function relevantAdds(transaction: Transaction, winner: readonly Action[]): readonly AddAction[] {
  const { isolation, actions } = transaction;
  if (isolation === "snapshot") return [];
  const changesMetadata = actions.some((action) => "metaData" in action);
  const ignoresBlind = isolation === "write-serializable" && !changesMetadata;
  if (ignoresBlind && isBlindAppend(winner)) return [];
  return winner.flatMap((action) => ("add" in action ? [action.add] : []));
}

function isBlindAppend(actions: readonly Action[]): boolean {
  const info = actions.find((action) => "commitInfo" in action)?.commitInfo;
  return info?.["isBlindAppend"] === true;
}
