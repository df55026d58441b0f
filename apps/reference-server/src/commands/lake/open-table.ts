import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type DeltaTableReader, deltaTableReader } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { EcapError, type ObjectStore } from "@ecap/sdk";
import { mountedObjectStore } from "@ecap/sdk/lake";
import { InvalidArgumentError } from "commander";

/** A Delta table in a folder of this machine, whoever wrote it. */
export interface OpenTable extends DeltaTableReader {
  readonly folder: string;
  readonly objects: ObjectStore;
}

/** The folder of the table: the one named, or that of a table of the data directory; undefined where neither is a Delta table. */
export function tableFolder(table: string, dataDir: string): string | undefined {
  return [resolve(table), join(dataDir, "lake", table)].find((folder) =>
    existsSync(join(folder, "_delta_log")),
  );
}

/** The folder of a table as an object store; ECAP_TABLE_NOT_FOUND where there is none. */
export function openFolder(table: string, dataDir: string): Pick<OpenTable, "folder" | "objects"> {
  const folder = tableFolder(table, dataDir);
  if (folder === undefined) {
    const message = `${table} is neither a folder with a _delta_log nor a table of ${join(dataDir, "lake")}`;
    throw new EcapError("ECAP_TABLE_NOT_FOUND", message, { received: table });
  }
  return { folder, objects: fsObjectStore({ dir: folder, exactNames: true }) };
}

/** To be read: a table of the data directory with its archive, whose files are below `archive/`. */
export function openTable(table: string, dataDir: string): OpenTable {
  const { folder, objects } = openFolder(table, dataDir);
  const name = basename(folder);
  const lake = join(dataDir, "lake");
  if (folder !== join(lake, table))
    return { folder, objects, ...deltaTableReader({ objects, name }) };
  const at = "archive/";
  const mounted = fsObjectStore({ dir: join(lake, at, table), exactNames: true });
  const whole = mountedObjectStore({ objects, at, mounted });
  return { folder, objects: whole, ...deltaTableReader({ objects: whole, archiveRoot: at, name }) };
}

/** The argument of commands that name a table. */
export const tableArgument = [
  "<table>",
  "a folder with a Delta table, or a table of the lake",
] as const;

export function time(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError("expected a time, as in 2026-01-31");
  return value;
}

export function tableVersion(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`"${text}" is no version: expected a whole number`);
}
