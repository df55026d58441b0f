import { EcapError, type ObjectStore } from "@ecap/sdk";

/** The file that an object is in; ECAP_CONFIG_INVALID where the store has none. */
export function localPath(objects: ObjectStore, key: string): string {
  if (objects.localPath) return objects.localPath(key);
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    "DuckDB needs an object store with files: fsObjectStore, or s3ObjectStore with a cacheDir",
  );
}
