import type { ObjectStore } from "@ecap/sdk";
import { mountedObjectStore } from "@ecap/sdk/lake";

/** Where a table lies, whoever wrote it: a folder of this machine, or a prefix of a bucket. */
export interface TablePlace {
  readonly name: string;
  /** Its files, and below {@link archiveRoot} those of its archive, if it has one: that lies beside it, as `archive/NAME`. */
  readonly objects: ObjectStore;
  readonly close: () => Promise<void>;
}

/** No data file of a table is there, as the name is a hidden one. */
export const archiveRoot = ".archive/";

export function withArchive(objects: ObjectStore, archive: ObjectStore): ObjectStore {
  return mountedObjectStore({ objects, at: archiveRoot, mounted: archive });
}
