import { EcapError, isEcapError, type ObjectStore } from "@ecap/sdk";
import type { Action } from "../format/actions.ts";
import { isRecord } from "../format/json-fields.ts";
import { parseCommit } from "../format/parse-actions.ts";
import { notParsed, parsed } from "../format/parsed.ts";
import { checkReadable } from "../format/protocol.ts";
import { readParquetActions } from "../format/read-checkpoint.ts";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import { inOrder } from "./in-order.ts";
import {
  type Checkpoint,
  checkpointsIn,
  commitTimes,
  type Listed,
  listLog,
} from "./log-listing.ts";
import {
  beforeVersion,
  type CheckpointFile,
  commitName,
  lastCheckpointName,
  sidecarFolder,
} from "./log-names.ts";
import { commitTime, type LoggedCommit, replay, saidTime, type TableState } from "./table-state.ts";

export interface LogReaderOptions {
  readonly objects: ObjectStore;
  readonly codec: ParquetCodec;
  /** Key prefix of the log, ending in `/`. */
  readonly folder: string;
  readonly table: string;
}

/** Makes states of what the log holds; remembers nothing. A log that cannot be is ECAP_TABLE_CORRUPT. */
export interface LogReader {
  /** The newest state; undefined where there is no log. */
  newest(): Promise<TableState | undefined>;
  /** The state at a version; undefined where the log never had it or has it no more. */
  at(version: number): Promise<TableState | undefined>;
  /** The newest state, from an older one; the same where nothing was committed since. */
  after(base: TableState): Promise<TableState>;
  /** The commit of a version; undefined where it does not exist. */
  commit(version: number): Promise<LoggedCommit | undefined>;
}

export function logReader({ objects, codec, folder, table }: LogReaderOptions): LogReader {
  const corrupt = (what: string, cause?: unknown) =>
    new EcapError("ECAP_TABLE_CORRUPT", `Table ${table}: ${what}`, { path: folder, cause });
  const source = (name: string) => `Table ${table}: ${name}`;
  const list = (after?: string) => listLog(objects, folder, after);

  const commit = async (version: number, listedAt?: number): Promise<LoggedCommit | undefined> => {
    const name = commitName(version);
    const bytes = await objects.get(folder + name);
    if (!bytes) return undefined;
    const actions = parsed(source(name), () => parseCommit(bytes));
    const isSaid = saidTime(actions) !== undefined;
    return { version, actions, modifiedAt: listedAt ?? (isSaid ? 0 : await writtenAt(name)) };
  };

  const writtenAt = async (name: string): Promise<number> => {
    for await (const { modifiedAt } of objects.list(folder + name)) return modifiedAt;
    return 0;
  };

  /** The commits after `base` up to `target`. A listing may miss one written meanwhile, so the first that is not listed is asked for. */
  const commitsAfter = async (base: number, target: number, listed: readonly Listed[]) => {
    const times = commitTimes(listed);
    const versions: number[] = [];
    for (let version = base + 1; version <= target; version++) {
      if (!times.has(version) && !(await objects.get(folder + commitName(version)))) {
        throw corrupt(`version ${version} is missing from the log`);
      }
      versions.push(version);
    }
    return inOrder(versions, async (version) => {
      const found = await commit(version, times.get(version));
      if (!found) throw corrupt(`version ${version} is missing from the log`);
      return found;
    });
  };

  const checkpointFile = async (name: string, format: CheckpointFile["format"]) => {
    const bytes = await objects.get(folder + name);
    if (!bytes) throw corrupt(`${name} is gone`);
    if (format === "json") return parsed(source(name), () => parseCommit(bytes));
    try {
      return await readParquetActions(codec, bytes);
    } catch (error) {
      throw notParsed(source(name), error);
    }
  };

  const checkpointActions = async ({ version, files }: Checkpoint): Promise<Action[]> => {
    const main = await inOrder(files, ({ name, format }) => checkpointFile(name, format));
    const actions = main.flat();
    const described = actions.find((a) => "checkpointMetadata" in a)?.checkpointMetadata;
    if (files[0]?.isV2 && described?.version !== version) {
      throw corrupt(`${files[0].name} does not describe checkpoint ${version}`);
    }
    const sidecars = actions.flatMap((action) => ("sidecar" in action ? action.sidecar : []));
    const held = await inOrder(sidecars, ({ path }) =>
      checkpointFile(sidecarFolder + path.slice(path.lastIndexOf("/") + 1), "parquet"),
    );
    return [...actions, ...held.flat()];
  };

  const checkpointState = async (checkpoint: Checkpoint): Promise<TableState> => {
    const { version, files } = checkpoint;
    const actions = await checkpointActions(checkpoint);
    const modifiedAt = files[0]?.modifiedAt ?? 0;
    const own = await commit(version, modifiedAt);
    const timestamp = own ? commitTime(own) : modifiedAt;
    const state = replay(undefined, [
      { version, modifiedAt, actions: [{ commitInfo: { timestamp } }, ...actions] },
    ]);
    if (!state) throw corrupt(`checkpoint ${version} lacks the protocol or the metadata`);
    return state;
  };

  /** The newest checkpoint that can be read; an older one, or the commits alone, say the same. */
  const readableCheckpoint = async (checkpoints: readonly Checkpoint[]) => {
    let failure: unknown;
    for (const checkpoint of checkpoints) {
      try {
        return { state: await checkpointState(checkpoint), failure };
      } catch (error) {
        if (!isEcapError(error, "ECAP_TABLE_CORRUPT")) throw error;
        failure ??= error;
      }
    }
    return { state: undefined, failure };
  };

  const load = async (target: number, listed: readonly Listed[]): Promise<TableState> => {
    const checkpoints = checkpointsIn(listed).filter(({ version }) => version <= target);
    const { state, failure } = await readableCheckpoint(checkpoints);
    if (!state && failure !== undefined && !commitTimes(listed).has(0)) throw failure;
    return whole(replay(state, await commitsAfter(state?.version ?? -1, target, listed)));
  };

  const whole = (state: TableState | undefined): TableState => {
    if (!state) throw corrupt("its log has no protocol or no metadata");
    checkReadable(state.protocol, state.metaData);
    return state;
  };

  /** From the checkpoint that the hint file names and what was committed since, which saves listing the whole log; undefined where the hint is of no use. */
  const loadFromHint = async (): Promise<TableState | undefined> => {
    const hint = await lastCheckpoint();
    if (hint === undefined) return undefined;
    codec.prepare();
    const listed = await list(beforeVersion(hint));
    const last = lastCommit(listed);
    if (last === undefined || newestVersion(listed) > last || checkpointsIn(listed).length === 0) {
      return undefined;
    }
    return load(last, listed).catch((error: unknown) => {
      if (isEcapError(error, "ECAP_TABLE_CORRUPT")) return undefined;
      throw error;
    });
  };

  /** The version the hint file names, which may be wrong or broken. */
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

  /** Checkpoints are made of commits, so one past the last commit belongs to another log. Where all commits were cleaned up it stands alone. */
  const checkNotAhead = (listed: readonly Listed[]) => {
    const [newest, last] = [newestVersion(listed), lastCommit(listed)];
    if (last !== undefined && newest > last) {
      throw corrupt(`checkpoint ${newest} is newer than the last commit ${last}`);
    }
  };

  return {
    async newest() {
      const hinted = await loadFromHint();
      if (hinted) return hinted;
      const listed = await list();
      if (listed.length === 0) return undefined;
      checkNotAhead(listed);
      return load(newestVersion(listed), listed);
    },
    async at(version) {
      const listed = await list();
      const isHeld =
        commitTimes(listed).has(0) || checkpointsIn(listed).some((c) => c.version <= version);
      return isHeld && listed.some((file) => file.version === version)
        ? load(version, listed)
        : undefined;
    },
    async after(base) {
      const listed = await list(commitName(base.version));
      const last = lastCommit(listed) ?? base.version;
      if (last <= base.version) return base;
      return whole(replay(base, await commitsAfter(base.version, last, listed)));
    },
    commit: (version) => commit(version),
  };
}

function newestVersion(listed: readonly Listed[]): number {
  return listed.reduce((newest, { version }) => Math.max(newest, version), -1);
}

function lastCommit(listed: readonly Listed[]): number | undefined {
  const last = listed.reduce(
    (v, file) => (file.kind === "commit" ? Math.max(v, file.version) : v),
    -1,
  );
  return last < 0 ? undefined : last;
}
