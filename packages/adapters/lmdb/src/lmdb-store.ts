import { type Clock, type Committer, type EventLog, type StateStore, systemClock } from "@ecap/sdk";
import { lockDirectory } from "@ecap/sdk/node";
import { lmdbCommitter } from "./commit/lmdb-committer.ts";
import { lmdbEventLog } from "./log/lmdb-event-log.ts";
import { lmdbStateStore } from "./state/lmdb-state-store.ts";
import { checkEnvironmentFile } from "./storage/check-environment-file.ts";
import { type Environment, openEnvironment } from "./storage/environment.ts";
import { createGroupWriter } from "./storage/group-writer.ts";
import { storageError } from "./storage/storage-error.ts";

export interface LmdbStoreOptions {
  /** Made where it does not exist. One process uses it at a time. */
  readonly dir: string;
  readonly clock?: Clock;
  /** How often retention and expiry are run; 0: only by `enforceRetention`. Default 60,000. */
  readonly retentionEveryMs?: number;
  /** With more bytes than this on their way to disk, `append` is ECAP_OVERLOADED. Default 256 MiB. */
  readonly maxWaitingBytes?: number;
  /** Bytes of address space to begin with; it grows as needed. Default: LMDB's. */
  readonly mapSize?: number;
}

export interface LmdbStore {
  readonly eventLog: EventLog;
  readonly stateStore: StateStore;
  readonly committer: Committer;
  /** The raw lmdb environment. */
  readonly environment: Environment;
  /** Removes records past their topic's retention and state that expired. */
  readonly enforceRetention: () => Promise<void>;
  /** Stores what waits and lets go of the directory. */
  readonly close: () => Promise<void>;
}

/** Log, state and commits in one LMDB environment: a commit is one transaction. */
export function lmdbStore({
  dir,
  clock = systemClock,
  retentionEveryMs = 60_000,
  maxWaitingBytes = 256 * 1024 * 1024,
  mapSize,
}: LmdbStoreOptions): LmdbStore {
  const unlock = lockDirectory(dir);
  let environment: Environment;
  try {
    checkEnvironmentFile(dir);
    environment = openEnvironment(dir, mapSize);
  } catch (error) {
    unlock();
    throw storageError(error, dir);
  }
  const writer = createGroupWriter(environment);
  // The order of writing: state that waits, commits over it, then the log with what the commits emit.
  const stateStore = lmdbStateStore({ environment, writer, clock });
  let commits: ReturnType<typeof lmdbCommitter> | undefined;
  writer.add(() => commits?.participant());
  const eventLog = lmdbEventLog({ environment, writer, clock, maxWaitingBytes });
  commits = lmdbCommitter({ environment, writer, eventLog, stateStore });

  async function enforceRetention(): Promise<void> {
    await writer.flush();
    await eventLog.enforceRetention();
    await stateStore.sweep();
  }
  const timer =
    retentionEveryMs > 0
      ? setInterval(() => void enforceRetention().catch(() => {}), retentionEveryMs).unref()
      : undefined;

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    clearInterval(timer);
    await eventLog.close();
    try {
      await writer.close();
    } finally {
      await environment.root.close();
      unlock();
    }
  }
  return {
    eventLog,
    stateStore,
    committer: commits,
    environment,
    enforceRetention,
    async close() {
      closing ??= close();
      await closing;
    },
  };
}
