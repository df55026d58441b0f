import type {
  Action,
  AddAction,
  DomainMetadataAction,
  MetaDataAction,
  ProtocolAction,
  RemoveAction,
  TxnAction,
} from "../format/actions.ts";
import { logicalFileKey } from "../format/deletion-vector.ts";
import { isRecord } from "../format/json-fields.ts";

/** A table as its log says it stands at one version. */
export interface TableState {
  readonly version: number;
  /** Epoch milliseconds of the commit; grows with the version. */
  readonly timestamp: number;
  readonly protocol: ProtocolAction;
  readonly metaData: MetaDataAction;
  /** By path: of the logical files of one data file, the newest alone is live. */
  readonly files: ReadonlyMap<string, AddAction>;
  /** By logical file, see `logicalFileKey`. */
  readonly tombstones: ReadonlyMap<string, RemoveAction>;
  readonly transactions: ReadonlyMap<string, TxnAction>;
  /** Metadata domains by name, removed ones left out. */
  readonly domains: ReadonlyMap<string, DomainMetadataAction>;
}

export interface LoggedCommit {
  readonly version: number;
  /** When the commit file was written, for commits that do not say. */
  readonly modifiedAt: number;
  readonly actions: readonly Action[];
}

/**
 * Applies commits, or the actions of a checkpoint, in order.
 * Undefined where no protocol or no metadata is known afterwards: the log is not whole.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#action-reconciliation
 */
export function replay(
  base: TableState | undefined,
  commits: readonly LoggedCommit[],
): TableState | undefined {
  const files = new Map(base?.files);
  const tombstones = new Map(base?.tombstones);
  const transactions = new Map(base?.transactions);
  const domains = new Map(base?.domains);
  let { protocol, metaData } = base ?? {};
  let version = base?.version ?? -1;
  let timestamp = base?.timestamp ?? Number.NEGATIVE_INFINITY;

  for (const commit of commits) {
    for (const action of commit.actions) {
      if ("add" in action) {
        files.set(action.add.path, action.add);
        if (tombstones.size > 0) tombstones.delete(logicalFileKey(action.add));
      } else if ("remove" in action) {
        // A commit that changes a file's deletion vector adds the new logical file and removes the old one, in any order.
        const key = logicalFileKey(action.remove);
        const live = files.get(action.remove.path);
        if (live && logicalFileKey(live) === key) files.delete(live.path);
        tombstones.set(key, action.remove);
      } else if ("txn" in action) transactions.set(action.txn.appId, action.txn);
      else if ("domainMetadata" in action) {
        const { domain, removed } = action.domainMetadata;
        if (removed) domains.delete(domain);
        else domains.set(domain, action.domainMetadata);
      } else if ("protocol" in action) protocol = action.protocol;
      else if ("metaData" in action) metaData = action.metaData;
    }
    version = commit.version;
    timestamp = Math.max(timestamp + 1, commitTime(commit));
  }
  return protocol && metaData
    ? { version, timestamp, protocol, metaData, files, tombstones, transactions, domains }
    : undefined;
}

/** What the commit says of its time, else when its file was written. */
export function commitTime({ actions, modifiedAt }: LoggedCommit): number {
  return saidTime(actions) ?? modifiedAt;
}

/** The in-commit timestamp, which never goes back, where there is one; else the time that the writer noted. */
export function saidTime(actions: readonly Action[]): number | undefined {
  const info = actions.find((action) => "commitInfo" in action)?.commitInfo;
  const said = isRecord(info) ? [info["inCommitTimestamp"], info["timestamp"]] : [];
  return said.find((time) => typeof time === "number");
}

/** Actions that make the state again, for a checkpoint. Tombstones older than `expireBefore` are left out. */
export function stateActions(state: TableState, expireBefore: number): Action[] {
  return [
    { protocol: state.protocol },
    { metaData: state.metaData },
    ...[...state.transactions.values()].map((txn) => ({ txn })),
    ...[...state.domains.values()].map((domainMetadata) => ({ domainMetadata })),
    ...[...state.tombstones.values()]
      .filter((remove) => remove.deletionTimestamp > expireBefore)
      .map((remove) => ({ remove })),
    ...[...state.files.values()].map((add) => ({ add: { ...add, dataChange: false } })),
  ];
}
