import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { EcapError } from "@ecap/sdk";
import { batches, maxBatchBytes, removeOf } from "../files/file-actions.ts";
import { writeQuery } from "../files/write-query.ts";
import type { Action, AddAction } from "../format/actions.ts";
import { logicalFileKey } from "../format/deletion-vector.ts";
import { inOrder } from "../log/in-order.ts";
import type { TableState } from "../log/table-state.ts";
import type { Archive } from "../table/archive.ts";
import { type Change, readsAll } from "../table/change.ts";
import { commitChange } from "../table/commit-change.ts";
import { commitInfo } from "../table/commit-info.ts";
import { engineOf, forgetFiles, placeOf, type TableContext } from "../table/table-context.ts";
import { tableInput, target } from "../table/table-input.ts";
import { keyOf } from "../table/table-place.ts";

/** Bytes of files that are copied at once. */
const maxCopiedBytes = 64 * 2 ** 20;

export interface ArchiveWriter {
  /** Makes the newest version what the archive is as it belongs to the table: one that a run left behind is undone. */
  undo(archived: TableState | undefined): Promise<void>;
  /** A version that holds the files kept there and copies of those of the table; resolves its number. */
  write(
    state: TableState,
    contents: {
      readonly kept: readonly AddAction[];
      readonly moved: readonly AddAction[];
      readonly info: Readonly<Record<string, unknown>> | undefined;
    },
  ): Promise<number>;
}

type Contents = Pick<Change, "operation" | "info"> & {
  readonly files: readonly AddAction[];
  readonly written: readonly AddAction[];
  /** Whose columns and properties it has. */
  readonly definition: Pick<TableState, "metaData" | "protocol">;
};

export function archiveWriter(table: TableContext, archive: Archive): ArchiveWriter {
  const { place, log } = archive;
  const part: TableContext = { ...table, root: place.root, log };

  /** A version with these files and no others; none where the newest is so. */
  async function make(newest: TableState, contents: Contents): Promise<number> {
    const { files, written, definition } = contents;
    const wanted = keysOf(files);
    const there = [...newest.files.values()];
    const known = keysOf(there);
    const added = files.filter((add) => !known.has(logicalFileKey(add)));
    const removed = there.filter((add) => !wanted.has(logicalFileKey(add)));
    const changes = definitionChanges(newest, definition);
    if (added.length + removed.length + changes.length === 0) return newest.version;
    const now = table.clock.now();
    const { version } = await commitChange(part, newest, {
      ...contents,
      metrics: { numAddedFiles: added.length, numRemovedFiles: removed.length },
      actions: [
        ...changes,
        ...removed.map((add) => removeOf(add, now)),
        ...added.map((add) => ({ add: { ...add, dataChange: true } })),
      ],
      written: written.map(({ path }) => path),
      reads: readsAll,
    });
    return version;
  }

  async function create({ protocol, metaData }: TableState): Promise<TableState> {
    const actions: Action[] = [
      { protocol },
      { metaData: { ...metaData, id: randomUUID(), createdTime: table.clock.now() } },
    ];
    const told = { operation: "CREATE TABLE", actions, reads: readsAll };
    const info = commitInfo(table, undefined, told, "serializable");
    const created = await log.tryCommit(undefined, [info, ...actions]);
    return created ?? (await newestThere());
  }

  async function newestThere(): Promise<TableState> {
    const newest = await log.newest();
    if (newest) return newest;
    throw new EcapError("ECAP_TABLE_NOT_FOUND", `Table ${table.name}: its archive is gone`);
  }

  /** Under names of their own, so that a vacuum that finds the copy of a run that ended never meets one that is used. */
  async function copy(add: AddAction): Promise<AddAction> {
    const from = keyOf(placeOf(table), add.path);
    const bytes = await table.objects.get(from);
    if (bytes?.length !== add.size) {
      const message = `Table ${table.name}: a file is ${bytes ? "not as large as its log says" : "gone"}`;
      throw new EcapError("ECAP_STORAGE_CORRUPT", message, { path: from });
    }
    const path = newName(from.slice(table.root.length));
    await table.objects.put(place.root + path, bytes);
    return { ...add, path };
  }

  /** Files with deleted rows are written anew without them. */
  async function rewrite(state: TableState, files: readonly AddAction[]): Promise<AddAction[]> {
    const inputs = [tableInput(table, state, files)];
    const options = { ...part, engine: engineOf(table), definition: state };
    return writeQuery(options, `SELECT * FROM ${target}`, inputs);
  }

  async function bring(state: TableState, files: readonly AddAction[]): Promise<AddAction[]> {
    const done: AddAction[] = [];
    try {
      const whole = files.filter((add) => !add.deletionVector);
      for (const batch of batches(whole, maxCopiedBytes))
        done.push(...(await inOrder(batch, copy)));
      const partial = files.filter((add) => add.deletionVector);
      for (const batch of batches(partial, maxBatchBytes))
        done.push(...(await rewrite(state, batch)));
      return done;
    } catch (error) {
      await forgetFiles(
        part,
        done.map(({ path }) => path),
      );
      throw error;
    }
  }

  return {
    async undo(archived) {
      const newest = await log.newest();
      if (!newest || (archived && newest.version === archived.version)) return;
      const files = [...(archived?.files.values() ?? [])];
      await make(newest, { operation: "RESTORE", files, written: [], definition: newest });
    },
    async write(state, { kept, moved, info }) {
      const newest = (await log.newest()) ?? (await create(state));
      const written = await bring(state, moved);
      return make(newest, {
        operation: "ARCHIVE",
        files: [...kept, ...written],
        written,
        definition: state,
        ...(info && { info }),
      });
    },
  };
}

function keysOf(files: readonly AddAction[]): ReadonlySet<string> {
  return new Set(files.map(logicalFileKey));
}

/** The archive follows the table in its columns and properties, and keeps its own identity. */
function definitionChanges(
  newest: TableState,
  { protocol, metaData }: Contents["definition"],
): Action[] {
  const { id, createdTime } = newest.metaData;
  const wanted = { ...metaData, id, ...(createdTime !== undefined && { createdTime }) };
  return [
    ...(isDeepStrictEqual(protocol, newest.protocol) ? [] : [{ protocol }]),
    ...(isDeepStrictEqual(wanted, newest.metaData) ? [] : [{ metaData: wanted }]),
  ];
}

/** The path with another name for the file, of the same folder and extensions. */
function newName(path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const name = path.slice(folder.length);
  const extension = name.includes(".") ? name.slice(name.indexOf(".")) : "";
  return `${folder}part-00000-${randomUUID()}-c000${extension}`;
}
