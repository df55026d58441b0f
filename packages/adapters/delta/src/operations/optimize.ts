import { batches, maxBatchBytes } from "../files/file-actions.ts";
import { partitionKey } from "../files/partition-key.ts";
import type { Definition } from "../files/table-fields.ts";
import type { AddAction } from "../format/actions.ts";
import type { TableState } from "../log/table-state.ts";
import { noReads } from "../table/change.ts";
import { existingTable, forgetFiles, type TableContext } from "../table/table-context.ts";
import { target } from "../table/table-input.ts";
import { checkWritable } from "../table/writable.ts";
import { fileFilter } from "./find-matches.ts";
import type { OperationOptions, Outcome } from "./outcome.ts";
import { replaceFiles } from "./replace-files.ts";
import { rewriteFiles } from "./rewrite-files.ts";
import { orderColumns, rewriteOrdered } from "./z-order.ts";

export interface OptimizeOptions extends OperationOptions {
  /** SQL over the columns; files without such rows, by what the log says of them, are left alone. */
  readonly where?: string;
  /** Files below this size are brought together, into files of about this size. Default 128 MiB. */
  readonly targetBytes?: number;
  /** Orders the rows of every file by these columns at once, so that files can be left out by conditions on any of them. Up to six. */
  readonly zorderBy?: readonly string[];
  /** Partitions with fewer such files are left alone. Default 2. */
  readonly minFiles?: number;
  /** Bytes of files brought together at once; others are left for the next time. Default: no limit. */
  readonly maxBytes?: number;
}

const defaultTargetBytes = 128 * 2 ** 20;

/** Bytes of files that are ordered together; the engine sorts more than memory holds. */
const maxOrderedBytes = 2 * 2 ** 30;

/** Brings small files of one partition together into larger ones, or puts the rows of all of them in order. The rows stay as they are. */
export async function optimize(table: TableContext, options: OptimizeOptions): Promise<Outcome> {
  const { where, targetBytes = defaultTargetBytes, zorderBy = [] } = options;
  const state = await existingTable(table);
  checkWritable(state);
  const columns = orderColumns(state, zorderBy);
  const isOrdered = columns.length > 0;
  const find = isOrdered ? filesToOrder : smallFiles;
  const groups = await find(table, state, options);
  const removed: AddAction[] = [];
  const added: AddAction[] = [];
  try {
    for (const group of groups) {
      const rewritten = isOrdered
        ? await rewriteOrdered(table, state, group, { columns, targetBytes })
        : await rewriteFiles(table, state, group, sql, {
            maxBytes: Math.max(maxBatchBytes, targetBytes),
          });
      // The engine may cut files smaller than was asked for: done again and again that would never end.
      if (!isOrdered && rewritten.length >= group.length) {
        await forget(table, rewritten);
        continue;
      }
      removed.push(...group);
      added.push(...rewritten);
    }
  } catch (error) {
    await forget(table, added);
    throw error;
  }
  return replaceFiles(table, state, {
    operation: "OPTIMIZE",
    parameters: { predicate: where === undefined ? [] : [where], zOrderBy: columns },
    removed,
    added,
    metrics: {},
    reads: { ...noReads, readFiles: new Set(removed.map((add) => add.path)) },
    rearranges: true,
    options,
  });
}

function forget(table: TableContext, files: readonly AddAction[]): Promise<void> {
  return forgetFiles(
    table,
    files.map(({ path }) => path),
  );
}

/** Files to bring together, in groups that become about one file each. */
export async function smallFiles(
  table: TableContext,
  state: TableState,
  options: OptimizeOptions,
): Promise<AddAction[][]> {
  const { where, targetBytes = defaultTargetBytes, minFiles = 2 } = options;
  const { maxBytes = Number.POSITIVE_INFINITY } = options;
  const isWanted = where === undefined ? () => true : await fileFilter(table, state, where);
  const small = [...state.files.values()].filter((add) => add.size < targetBytes && isWanted(add));
  return partitions(state, small)
    .filter((files) => files.length >= minFiles)
    .flatMap((files) => packFiles(files, targetBytes))
    .filter(within(maxBytes));
}

/** Every file, in groups that are ordered each by itself. */
async function filesToOrder(
  table: TableContext,
  state: TableState,
  { where, maxBytes = Number.POSITIVE_INFINITY }: OptimizeOptions,
): Promise<AddAction[][]> {
  const isWanted = where === undefined ? () => true : await fileFilter(table, state, where);
  return partitions(state, [...state.files.values()].filter(isWanted))
    .flatMap((files) => batches(files, maxOrderedBytes))
    .filter(within(maxBytes));
}

/** Lets groups pass until they are of so many bytes together. */
function within(maxBytes: number): (files: readonly AddAction[]) => boolean {
  let bytes = 0;
  return (files) => {
    if (bytes >= maxBytes) return false;
    bytes += files.reduce((sum, { size }) => sum + size, 0);
    return true;
  };
}

const sql = `SELECT * FROM ${target}`;

function partitions(definition: Definition, files: readonly AddAction[]): readonly AddAction[][] {
  const groups = new Map<string, AddAction[]>();
  for (const file of files) {
    const key = partitionKey(definition, file);
    const group = groups.get(key) ?? [];
    group.push(file);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Files in groups of about the target size, none of a single file: the larger first, each into the first group with room. */
export function packFiles(files: readonly AddAction[], targetBytes: number): AddAction[][] {
  const groups: Array<{ readonly files: AddAction[]; bytes: number }> = [];
  for (const file of files.toSorted((a, b) => b.size - a.size)) {
    const group = groups.find(({ bytes }) => bytes + file.size <= targetBytes);
    if (group) {
      group.files.push(file);
      group.bytes += file.size;
    } else groups.push({ files: [file], bytes: file.size });
  }
  return groups.map((group) => group.files).filter((group) => group.length > 1);
}
