import type { Column, TableFile } from "@ecap/sdk";

/** Files that one `read_parquet` takes, because all that is said of one of them holds for all. */
export interface FileGroup {
  readonly files: readonly TableFile[];
  /** Partition columns whose value the folders tell, which differs from file to file; the others have that of any file. */
  readonly folders: readonly Column[];
}

/**
 * Groups files by the values of partition columns. Folder names tell values where they say the same as the log for every file, so that one group holds them all.
 * Files with deleted rows are alone.
 */
export function fileGroups(
  files: readonly TableFile[],
  partitioned: readonly Column[],
  pathOf: (file: TableFile) => string,
): FileGroup[] {
  const whole = files.filter((file) => !file.deleted);
  const alone = files
    .filter((file) => file.deleted)
    .map((file) => ({ files: [file], folders: [] }));
  if (whole.length === 0) return alone;
  const folders = partitioned.filter(({ name }) =>
    whole.some((file) => file.partition[name] !== whole[0]?.partition[name]),
  );
  const isSaid = (file: TableFile) => {
    const named = namedFolders(pathOf(file));
    return (
      named.every(([column]) => partitioned.some((key) => folderName(key) === column)) &&
      folders.every((column) => folderSays(named, file, column))
    );
  };
  if (whole.every(isSaid)) return [{ files: whole, folders }, ...alone];
  const byValues = new Map<string, TableFile[]>();
  for (const file of whole) {
    const key = JSON.stringify(folders.map(({ name }) => file.partition[name]));
    const group = byValues.get(key);
    if (group) group.push(file);
    else byValues.set(key, [file]);
  }
  return [...[...byValues.values()].map((group) => ({ files: group, folders: [] })), ...alone];
}

/** What folders are called after the column. */
export function folderName({ name, physicalName = name }: Column): string {
  return physicalName;
}

/** Names and values of the folders `column=value` of a path. DuckDB takes each for a column, also one above the table. */
function namedFolders(path: string): ReadonlyArray<readonly [column: string, value: string]> {
  return path.split(/[\\/]/).flatMap((part) => {
    const at = part.indexOf("=");
    return at < 0 ? [] : [[part.slice(0, at), part.slice(at + 1)] as const];
  });
}

/** Whether one folder says the column's value as other engines write it, one that needs neither decoding nor a time zone. */
function folderSays(
  named: ReadonlyArray<readonly [column: string, value: string]>,
  file: TableFile,
  column: Column,
): boolean {
  if (column.type === "timestamp") return false;
  const value = file.partition[column.name] ?? "__HIVE_DEFAULT_PARTITION__";
  const said = named.filter(([folder]) => folder === folderName(column));
  return said.length === 1 && said[0]?.[1] === value && /^[\w.-]+$/.test(value);
}
