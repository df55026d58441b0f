import { EcapError, isEcapError, type ObjectStore } from "@ecap/sdk";
import { type Action, parseCommit, serializeActions } from "../format/actions.ts";
import { readCheckpoint, writeCheckpoint } from "../format/checkpoint.ts";
import { isRecord } from "../format/json-fields.ts";
import { checkReadable } from "../format/protocol.ts";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import { inOrder } from "./in-order.ts";
import {
  beforeVersion,
  checkpointName,
  commitName,
  type LogFile,
  lastCheckpointName,
  parseLogName,
} from "./log-names.ts";
import {
  commitTime,
  type LoggedCommit,
  replay,
  stateActions,
  type TableState,
} from "./table-state.ts";

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
  let cached: TableState | undefined;
  const old = new Map<number, TableState>();

  const keep = (state: TableState) => {
    if (!cached || state.version > cached.version) cached = state;
    return state;
  };

  const list = async (after?: string) => {
    const found: Array<LogFile & { readonly name: string; readonly modifiedAt: number }> = [];
    const from = after === undefined ? {} : { after: folder + after };
    for await (const info of objects.list(folder, from)) {
      const name = info.key.slice(folder.length);
      const file = parseLogName(name);
      if (file) found.push({ ...file, name, modifiedAt: info.modifiedAt });
    }
    return found;
  };
  type Listed = Awaited<ReturnType<typeof list>>;

  const readCommit = async (version: number, modifiedAt: number) => {
    const bytes = await objects.get(folder + commitName(version));
    return (
      bytes && {
        version,
        modifiedAt,
        actions: parsed(commitName(version), () => parseCommit(bytes)),
      }
    );
  };

  const parsed = <T>(name: string, parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      if (isEcapError(error)) throw error;
      throw corrupt(`${name} cannot be read`, error);
    }
  };

  const corrupt = (what: string, cause?: unknown) =>
    new EcapError("ECAP_TABLE_CORRUPT", `Table ${table}: ${what}`, { path: folder, cause });

  /** The commits after `base` up to `target`. A listing may miss one written meanwhile, so one that is not listed is asked for. */
  const commitsAfter = async (base: number, target: number, listed: Listed) => {
    const times = new Map(listed.filter(isCommit).map((file) => [file.version, file.modifiedAt]));
    const versions = Array.from({ length: Math.max(0, target - base) }, (_, i) => base + 1 + i);
    const missing = versions.find((version) => !times.has(version));
    if (missing !== undefined && !(await objects.get(folder + commitName(missing)))) {
      throw corrupt(`version ${missing} is missing from the log`);
    }
    return inOrder(versions, async (version) => {
      const commit = await readCommit(version, times.get(version) ?? 0);
      if (!commit) throw corrupt(`version ${version} is missing from the log`);
      return commit;
    });
  };

  const readCheckpointState = async (version: number, listed: Listed) => {
    const parts = completeCheckpoint(version, listed);
    const actions = await inOrder(parts, async ({ name }) => {
      const bytes = await objects.get(folder + name);
      if (!bytes) throw corrupt(`${name} is gone`);
      try {
        return await readCheckpoint(codec, bytes);
      } catch (error) {
        if (isEcapError(error)) throw error;
        throw corrupt(`${name} cannot be read`, error);
      }
    });
    const file = parts[0];
    const own = await readCommit(version, file?.modifiedAt ?? 0);
    const timestamp = own ? commitTime(own) : (file?.modifiedAt ?? 0);
    const info: Action = { commitInfo: { timestamp } };
    return replay(undefined, [
      { version, modifiedAt: timestamp, actions: [info, ...actions.flat()] },
    ]);
  };

  /** The state at `target`, from the newest checkpoint that can be read; without one, from version 0. */
  const load = async (target: number, listed: Listed): Promise<TableState> => {
    const candidates = [
      ...new Set(listed.filter((file) => file.kind === "checkpoint").map((file) => file.version)),
    ].filter((version) => version <= target && completeCheckpoint(version, listed).length > 0);
    let failure: unknown;
    for (const version of candidates.toSorted((a, b) => b - a)) {
      try {
        const base = await readCheckpointState(version, listed);
        if (!base) throw corrupt(`checkpoint ${version} lacks the protocol or the metadata`);
        return whole(replay(base, await commitsAfter(version, target, listed)));
      } catch (error) {
        if (isEcapError(error, "ECAP_TABLE_UNSUPPORTED")) throw error;
        failure ??= error;
      }
    }
    if (failure !== undefined && !listed.some((file) => isCommit(file) && file.version === 0))
      throw failure;
    const hasV2 = listed.some((file) => file.kind === "v2-checkpoint");
    if (hasV2 && !listed.some((file) => isCommit(file) && file.version === 0)) {
      throw new EcapError("ECAP_TABLE_UNSUPPORTED", `Table ${table} has only V2 checkpoints`);
    }
    return whole(replay(undefined, await commitsAfter(-1, target, listed)));
  };

  const whole = (state: TableState | undefined): TableState => {
    if (!state) throw corrupt("its log has no protocol or no metadata");
    checkReadable(state.protocol, state.metaData);
    return state;
  };

  const loadNewest = async () => {
    const hint = await lastCheckpoint();
    let listed = await list(hint === undefined ? undefined : beforeVersion(hint));
    if (hint !== undefined && completeCheckpoint(hint, listed).length === 0) listed = await list();
    const newest = Math.max(...listed.map((file) => file.version));
    return listed.length === 0 ? undefined : keep(await load(newest, listed));
  };

  /** The version the hint file names, which may be wrong or broken: it only saves listing. */
  const lastCheckpoint = async (): Promise<number | undefined> => {
    const bytes = await objects.get(folder + lastCheckpointName);
    try {
      const hint: unknown = bytes && JSON.parse(new TextDecoder().decode(bytes));
      const version = isRecord(hint) ? hint["version"] : undefined;
      return typeof version === "number" && Number.isSafeInteger(version) ? version : undefined;
    } catch {
      return undefined;
    }
  };

  return {
    async newest() {
      if (!cached) return loadNewest();
      const base = cached;
      const listed = await list(commitName(base.version));
      const target = Math.max(base.version, ...listed.filter(isCommit).map((file) => file.version));
      if (target === base.version) return base;
      return keep(whole(replay(base, await commitsAfter(base.version, target, listed))));
    },
    async at(version) {
      if (cached?.version === version) return cached;
      const known = old.get(version);
      if (known) return known;
      const listed = await list();
      if (!listed.some((file) => file.version === version)) return undefined;
      const state = await load(version, listed);
      old.set(version, state);
      const oldest = old.keys().next();
      if (old.size > keptStates && !oldest.done) old.delete(oldest.value);
      return state;
    },
    commit: (version) => readCommit(version, 0),
    async tryCommit(base, actions) {
      const version = (base?.version ?? -1) + 1;
      const bytes = serializeActions(actions);
      if (!(await objects.putIfAbsent(folder + commitName(version), bytes))) return undefined;
      return keep(whole(replay(base, [{ version, modifiedAt: 0, actions }])));
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

function isCommit(file: LogFile): boolean {
  return file.kind === "commit";
}

/** The files of a version's checkpoint in order of their parts; none where a part is missing. */
function completeCheckpoint<T extends LogFile>(version: number, listed: readonly T[]): T[] {
  const parts = listed.filter((file) => file.kind === "checkpoint" && file.version === version);
  const whole = (count: number) =>
    parts.filter((file) => file.kind === "checkpoint" && file.parts === count);
  const counts = parts.flatMap((file) => (file.kind === "checkpoint" ? [file.parts] : []));
  return counts.map(whole).find((files, i) => files.length === counts[i]) ?? [];
}
