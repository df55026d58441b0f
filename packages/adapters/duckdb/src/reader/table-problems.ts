import { isEcapError, type ObjectStore, type TableFile, type TableSnapshot } from "@ecap/sdk";
import type { Look } from "../lake/file-layout.ts";
import { text } from "../lake/sql.ts";

/** Something about a file that is not as the table's log says. */
export interface TableProblem {
  readonly key: string;
  readonly problem: string;
}

/** Files whose footers are read in one statement. */
const batchSize = 200;

/** Compares the files with what the log says of them: that they are there, their size, their number of rows, and that their deletion vectors decode. */
export async function* tableProblems(
  snapshot: TableSnapshot,
  objects: ObjectStore,
  look: Look,
): AsyncGenerator<TableProblem> {
  const sizes = await sizesOf(snapshot, objects);
  const whole: TableFile[] = [];
  for (const file of snapshot.files) {
    const size = sizes.get(file.key);
    if (size === file.size) whole.push(file);
    else yield { key: file.key, problem: sizeProblem(file, size) };
  }
  for (let i = 0; i < whole.length; i += batchSize) {
    yield* rowProblems(whole.slice(i, i + batchSize), objects, look);
  }
  for (const file of snapshot.files) yield* deletedProblems(file);
}

/** Sizes of the snapshot's files by key, as one listing gives them. */
async function sizesOf(
  { files }: TableSnapshot,
  objects: ObjectStore,
): Promise<ReadonlyMap<string, number>> {
  const wanted = new Set(files.map((file) => file.key));
  const sizes = new Map<string, number>();
  for await (const { key, size } of objects.list(commonFolder(files))) {
    if (wanted.has(key)) sizes.set(key, size);
  }
  return sizes;
}

function commonFolder(files: readonly TableFile[]): string {
  const prefix = files.reduce((common, { key }) => {
    let length = 0;
    while (length < common.length && common[length] === key[length]) length++;
    return common.slice(0, length);
  }, files[0]?.key ?? "");
  return prefix.slice(0, prefix.lastIndexOf("/") + 1);
}

function sizeProblem({ size }: TableFile, found: number | undefined): string {
  return found === undefined ? "is gone" : `has ${found} bytes, not ${size}`;
}

/** Where one footer of a batch cannot be read, each file is asked alone. */
async function* rowProblems(
  files: readonly TableFile[],
  objects: ObjectStore,
  look: Look,
): AsyncGenerator<TableProblem> {
  const byPath = new Map(files.map((file) => [objects.localPath?.(file.key) ?? file.key, file]));
  const paths = [...byPath.keys()].map(text).join(", ");
  const release = await objects.leaseLocal?.(files);
  try {
    const counted = await look(`SELECT file_name, num_rows FROM parquet_file_metadata([${paths}])`);
    for (const [path, rows] of counted) {
      const file = byPath.get(String(path));
      if (file?.rows !== undefined && file.rows !== Number(rows)) {
        yield { key: file.key, problem: `has ${String(rows)} rows, not ${file.rows}` };
      }
    }
  } catch (error) {
    const [only] = files;
    if (files.length === 1 && only) {
      yield { key: only.key, problem: `cannot be read: ${messageOf(error)}` };
      return;
    }
    for (const file of files) yield* rowProblems([file], objects, look);
  } finally {
    release?.();
  }
}

async function* deletedProblems({ key, deleted, rows }: TableFile): AsyncGenerator<TableProblem> {
  if (!deleted) return;
  if (rows === undefined) yield { key, problem: "has deleted rows but its rows were not counted" };
  try {
    await deleted.positions();
  } catch (error) {
    if (!isEcapError(error)) throw error;
    yield { key, problem: error.message };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
