import type { ObjectStore } from "@ecap/sdk";
import type { Action } from "../format/actions.ts";
import { checkReadable } from "../format/protocol.ts";
import { serializeActions } from "../format/serialize-actions.ts";
import { writeCheckpoint } from "../format/write-checkpoint.ts";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import { checkpointName, commitName, lastCheckpointName } from "./log-names.ts";
import { logReader } from "./log-reader.ts";
import { type LoggedCommit, replay, stateActions, type TableState } from "./table-state.ts";

export interface DeltaLogOptions {
  readonly objects: ObjectStore;
  readonly codec: ParquetCodec;
  /** Key prefix of the table, ending in `/`. */
  readonly root: string;
  readonly table: string;
}

/** The log of one table. States are shared: they are never changed once made. */
export interface DeltaLog {
  /** The newest state, by one listing where nothing changed; undefined where there is no log. */
  newest(): Promise<TableState | undefined>;
  /** The state at a version; undefined where the log never had it or has it no more. */
  at(version: number): Promise<TableState | undefined>;
  /** The commit of a version, without other reads; undefined where it does not exist. */
  commit(version: number): Promise<LoggedCommit | undefined>;
  /**
   * Writes the version after `base`; resolves the new state, or undefined where another writer was first (then `newest` has its work).
   * Without a base it writes version 0.
   */
  tryCommit(
    base: TableState | undefined,
    actions: readonly Action[],
  ): Promise<TableState | undefined>;
  /** Writes a checkpoint of the state, leaving out tombstones older than `expireBefore`. */
  checkpoint(state: TableState, expireBefore: number): Promise<void>;
}

/** States of old versions kept for the next who asks. */
const keptStates = 4;

export function deltaLog({ objects, codec, root, table }: DeltaLogOptions): DeltaLog {
  const folder = `${root}_delta_log/`;
  const reader = logReader({ objects, codec, folder, table });
  let cached: TableState | undefined;
  const old = new Map<number, TableState>();

  const keep = (state: TableState) => {
    if (!cached || state.version > cached.version) cached = state;
    return state;
  };

  return {
    async newest() {
      const state = cached ? await reader.after(cached) : await reader.newest();
      return state && keep(state);
    },
    async at(version) {
      if (cached?.version === version) return cached;
      const known = old.get(version);
      if (known) return known;
      const state = await reader.at(version);
      if (!state) return undefined;
      old.set(version, state);
      const oldest = old.keys().next();
      if (old.size > keptStates && !oldest.done) old.delete(oldest.value);
      return state;
    },
    commit: (version) => reader.commit(version),
    async tryCommit(base, actions) {
      const version = (base?.version ?? -1) + 1;
      const next = replay(base, [{ version, modifiedAt: 0, actions }]);
      if (!next) throw new TypeError("A table's first commit needs a protocol and metadata");
      checkReadable(next.protocol, next.metaData);
      const written = await objects.putIfAbsent(
        folder + commitName(version),
        serializeActions(actions),
      );
      return written ? keep(next) : undefined;
    },
    async checkpoint(state, expireBefore) {
      const actions = stateActions(state, expireBefore);
      const bytes = await writeCheckpoint(codec, actions);
      await objects.put(folder + checkpointName(state.version), bytes);
      const hint = {
        version: state.version,
        size: actions.length,
        sizeInBytes: bytes.length,
        numOfAddFiles: state.files.size,
      };
      await objects.put(
        folder + lastCheckpointName,
        new TextEncoder().encode(JSON.stringify(hint)),
      );
    },
  };
}
