import { rowsOf } from "../files/file-facts.ts";
import { holds } from "../files/sql-text.ts";
import type { AddAction } from "../format/actions.ts";
import {
  type EncodedDeletionVector,
  encodeDeletionVector,
} from "../format/encode-deletion-vector.ts";
import { parseSchema } from "../format/schema.ts";
import { inOrder } from "../log/in-order.ts";
import type { TableState } from "../log/table-state.ts";
import { engineOf, forgetFiles, placeOf, type TableContext } from "../table/table-context.ts";
import { tableInput, target } from "../table/table-input.ts";
import { isOn } from "../table/table-properties.ts";
import { tableFile } from "../table/table-snapshot.ts";
import { writerFeatures } from "../table/writable.ts";
import type { TouchedFile } from "./find-matches.ts";

/** More rows of a file than this are not marked: the file is written anew. */
const maxMarked = 100_000;

/** Whether rows of the file may be marked as deleted instead of writing it anew. */
export function canMark(
  { protocol, metaData }: TableState,
  { add, matches }: TouchedFile,
): boolean {
  return (
    isOn(metaData, "delta.enableDeletionVectors") &&
    writerFeatures(protocol).includes("deletionVectors") &&
    matches <= maxMarked &&
    rowsOf(add) !== undefined
  );
}

export interface MarkedFiles {
  readonly files: readonly AddAction[];
  /** Paths of the deletion vectors. */
  readonly written: readonly string[];
}

/** The files with deletion vectors that hold, beside what they held, the rows for which the condition is true. */
export async function markDeleted(
  table: TableContext,
  state: TableState,
  files: readonly AddAction[],
  where: string,
): Promise<MarkedFiles> {
  if (files.length === 0) return { files: [], written: [] };
  const sql = `SELECT "#file" AS file, "#row" AS position FROM ${target} WHERE ${holds(where)}`;
  const found = await engineOf(table).query(sql, [tableInput(table, state, files)]);
  const positions = files.map((): number[] => []);
  for (const { file, position } of found) positions[Number(file)]?.push(Number(position));
  const written: string[] = [];
  try {
    const marked = await inOrder(files, async (add, i) => {
      const before = await deletedBefore(table, state, add);
      const all = [...before, ...(positions[i] ?? [])].toSorted((a, b) => a - b);
      const encoded = encodeDeletionVector(all);
      written.push(encoded.path);
      await table.objects.put(table.root + encoded.path, encoded.bytes);
      return withVector(add, encoded);
    });
    return { files: marked, written };
  } catch (error) {
    await forgetFiles(table, written);
    throw error;
  }
}

async function deletedBefore(
  table: TableContext,
  state: TableState,
  add: AddAction,
): Promise<Iterable<number>> {
  const { deleted } = tableFile(placeOf(table), parseSchema(state), add);
  return deleted ? deleted.positions() : [];
}

/** Bounds stay as they are: deleted rows may be what touches them. */
function withVector(add: AddAction, { vector }: EncodedDeletionVector): AddAction {
  const stats = add.stats?.toString().replace(/"tightBounds":(?:true|false),?/, "");
  return {
    ...add,
    ...(stats === undefined ? {} : { stats: stats.replace("{", '{"tightBounds":false,') }),
    deletionVector: vector,
  };
}
