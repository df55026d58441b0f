export interface RecentCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
  /** Not to be changed, but for deleting, while it is read. */
  entries(): Iterable<readonly [string, Value]>;
}

/**
 * Keeps what was used of late, `maxEntries` at most and half of it at least. In two generations: a full one becomes the old one and the one before it is
 * dropped whole, for removing the oldest entry of a Map, one at a time, takes longer the more were removed before it.
 */
export function createRecentCache<Value>(maxEntries: number): RecentCache<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  return {
    get: (key) => young.get(key) ?? old.get(key),
    set(key, value) {
      young.set(key, value);
      if (young.size < maxEntries / 2) return;
      old = young;
      young = new Map();
    },
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
    *entries() {
      yield* young;
      for (const entry of old) if (!young.has(entry[0])) yield entry;
    },
  };
}
