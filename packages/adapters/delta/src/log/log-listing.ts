import type { ObjectStore } from "@ecap/sdk";
import { type CheckpointFile, type LogFile, parseLogName } from "./log-names.ts";

export type Listed<File extends LogFile = LogFile> = File & {
  readonly name: string;
  readonly modifiedAt: number;
};

/** A checkpoint all of whose files are there. */
export interface Checkpoint {
  readonly version: number;
  readonly files: ReadonlyArray<Listed<CheckpointFile>>;
}

/** Commits and checkpoints in the folder of a log, those named past `after`. */
export async function listLog(
  objects: ObjectStore,
  folder: string,
  after?: string,
): Promise<Listed[]> {
  const found: Listed[] = [];
  const from = after === undefined ? {} : { after: folder + after };
  for await (const { key, modifiedAt } of objects.list(folder, from)) {
    const name = key.slice(folder.length);
    const file = parseLogName(name);
    if (file) found.push({ ...file, name, modifiedAt });
  }
  return found;
}

/** The complete checkpoints, newest first. */
export function checkpointsIn(listed: readonly Listed[]): Checkpoint[] {
  const sets = new Map<string, Array<Listed<CheckpointFile>>>();
  for (const file of listed) {
    if (file.kind !== "checkpoint") continue;
    const key = `${file.version} ${file.set}`;
    sets.set(key, [...(sets.get(key) ?? []), file]);
  }
  return [...sets.values()]
    .flatMap((files) =>
      files[0]?.parts === files.length ? [{ version: files[0].version, files }] : [],
    )
    .toSorted((a, b) => b.version - a.version);
}

/** When each commit was written, by version. */
export function commitTimes(listed: readonly Listed[]): ReadonlyMap<number, number> {
  return new Map(
    listed.flatMap(
      (file): Array<[number, number]> =>
        file.kind === "commit" ? [[file.version, file.modifiedAt]] : [],
    ),
  );
}
