export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly modifiedAt: number;
}

/** An object to open as a file. */
export interface LocalObject {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * Immutable blobs by key. A key is one or more non-empty parts joined by `/`, none of them `.` or `..`; any other is ECAP_OBJECT_KEY.
 *
 * A reader sees a whole object or none. An object is durable when its put resolves.
 */
export interface ObjectStore {
  /** The bytes, or those from `range.start` up to but without `range.end`; undefined where the key does not exist. A range past the end is cut. */
  get(
    key: string,
    range?: { readonly start: number; readonly end: number },
  ): Promise<Uint8Array | undefined>;
  /** Stores the bytes, replacing what was there. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Stores the bytes unless the key exists; resolves false, and changes nothing, when it does. Of two racing callers exactly one wins. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Objects whose key begins with `prefix`, ascending by the bytes of the key, from the first key greater than `after`. */
  list(prefix: string, options?: { readonly after?: string }): AsyncIterable<ObjectInfo>;
  /** Removing a key that does not exist is not an error. */
  delete(key: string): Promise<void>;
  /** Where a local process can open the object directly, its file path; absent on stores without one. All paths are below one folder, unless `localFolders` names several. */
  localPath?(key: string): string;
  readonly localFolders?: readonly string[];
  /**
   * On stores that keep objects elsewhere: brings them to their `localPath`, where each stays as it is until the returned function is called. Where this
   * is absent they are always there. For objects that are written once and never replaced; one of another size than said is ECAP_STORAGE_CORRUPT.
   */
  leaseLocal?(objects: readonly LocalObject[], signal?: AbortSignal): Promise<() => void>;
}
