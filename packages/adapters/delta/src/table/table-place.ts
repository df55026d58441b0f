import { posix, sep } from "node:path";
import { EcapError, type ObjectStore } from "@ecap/sdk";
import { isAbsolute } from "../format/data-path.ts";

/** Where a table lies. */
export interface TablePlace {
  readonly objects: ObjectStore;
  /** Key prefix of the table, ending in `/`; empty where the store holds nothing else. */
  readonly root: string;
  readonly table: string;
}

/** The object key of a path in the table's log. A path out of the table's folder is ECAP_TABLE_UNSUPPORTED. */
export function keyOf(place: TablePlace, path: string): string {
  const relative = isAbsolute(path) ? belowFolder(place, path) : path;
  const key =
    relative === undefined ? ".." : unusual.test(relative) ? posix.normalize(relative) : relative;
  if (key === ".." || key.startsWith("../")) {
    throw new EcapError(
      "ECAP_TABLE_UNSUPPORTED",
      `Table ${place.table} uses data files outside the table's folder`,
      { received: path },
    );
  }
  return place.root + key;
}

/** What normalising a path may change: a part that is empty or of dots. */
const unusual = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** The rest of an absolute path that leads into the table's folder; undefined for any other, and where objects are no files. */
function belowFolder({ objects, root }: TablePlace, path: string): string | undefined {
  const folder = objects.localPath?.(`${root}_`).slice(0, -1).split(sep).join("/");
  return folder !== undefined && path.startsWith(folder) ? path.slice(folder.length) : undefined;
}
