import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type DeltaTableReader, deltaTableReader } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { EcapError, type ObjectStore } from "@ecap/sdk";
import { InvalidArgumentError } from "commander";
import { isS3Address, openBucket } from "./open-bucket.ts";
import { archiveRoot, type TablePlace, withArchive } from "./table-place.ts";

export interface OpenTable extends DeltaTableReader {
  readonly objects: ObjectStore;
}

/** Whether the table can be opened from here: it is in a bucket, in the folder named, or one of the data directory. */
export function isWithinReach(table: string, dataDir: string): boolean {
  return isS3Address(table) || tableFolder(table, dataDir) !== undefined;
}

function tableFolder(table: string, dataDir: string): string | undefined {
  return [resolve(table), join(dataDir, "lake", table)].find((folder) =>
    existsSync(join(folder, "_delta_log")),
  );
}

/** The place of a table; ECAP_TABLE_NOT_FOUND where a folder holds none. */
export async function openPlace(table: string, dataDir: string): Promise<TablePlace> {
  if (isS3Address(table)) return openBucket(table);
  const folder = tableFolder(table, dataDir);
  if (folder !== undefined) return openFolder(folder);
  const message = `${table} is neither a folder with a _delta_log nor a table of ${join(dataDir, "lake")}`;
  throw new EcapError("ECAP_TABLE_NOT_FOUND", message, { received: table });
}

/** A place that need not hold a table yet. */
export async function openAnyPlace(path: string): Promise<TablePlace> {
  return isS3Address(path) ? openBucket(path) : openFolder(resolve(path));
}

function openFolder(folder: string): TablePlace {
  const name = basename(folder);
  const archiveDir = join(dirname(folder), "archive", name);
  const [objects, archive] = [folder, archiveDir].map((dir) =>
    fsObjectStore({ dir, exactNames: true }),
  ) as [ObjectStore, ObjectStore];
  return { name, objects: withArchive(objects, archive), close: async () => {} };
}

/** To be read, with its archive. */
export async function openTable(table: string, dataDir: string): Promise<OpenTable> {
  const place = await openPlace(table, dataDir);
  const { name, objects, close } = place;
  const reader = deltaTableReader({ objects, name, archiveRoot });
  return {
    ...reader,
    objects,
    async close() {
      await reader.close();
      await close();
    },
  };
}

/** The argument of commands that name a table. */
export const tableArgument = [
  "<table>",
  "a folder or s3://bucket/prefix with a Delta table, or a table of the lake",
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

/** Columns separated by commas. */
export function names(text: string): readonly string[] {
  return text.split(",").map((name) => name.trim());
}
