import type { Action, AddAction } from "../format/actions.ts";

/** The removal of a file, with all that tells what it held. */
export function removeOf(add: AddAction, now: number, dataChange = true): Action {
  const { path, partitionValues, size, tags, deletionVector } = add;
  return {
    remove: {
      path,
      deletionTimestamp: now,
      dataChange,
      extendedFileMetadata: true,
      partitionValues,
      size,
      ...(tags ? { tags } : {}),
      ...(deletionVector ? { deletionVector } : {}),
    },
  };
}

/** Files in groups of at most `maxBytes`, in their order; a larger file is a group of its own. */
export function batches(files: readonly AddAction[], maxBytes: number): AddAction[][] {
  const groups: AddAction[][] = [];
  let open: AddAction[] | undefined;
  let bytes = 0;
  for (const file of files) {
    if (!open || bytes + file.size > maxBytes) {
      open = [];
      bytes = 0;
      groups.push(open);
    }
    open.push(file);
    bytes += file.size;
  }
  return groups;
}

/** Bytes of files rewritten by one query, which bounds its memory and the size of what it writes. */
export const maxBatchBytes = 256 * 2 ** 20;
