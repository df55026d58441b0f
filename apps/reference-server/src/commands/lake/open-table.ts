import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type DeltaTableReader, deltaTableReader } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { EcapError, type ObjectStore } from "@ecap/sdk";

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

export function openTable(table: string, dataDir: string): OpenTable {
  const folder = tableFolder(table, dataDir);
  if (folder === undefined) {
    const message = `${table} is neither a folder with a _delta_log nor a table of ${join(dataDir, "lake")}`;
    throw new EcapError("ECAP_TABLE_NOT_FOUND", message, { received: table });
  }
  const objects = fsObjectStore({ dir: folder, exactNames: true });
  return { folder, objects, ...deltaTableReader({ objects, name: basename(folder) }) };
}
