export interface RecentCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
}

/** Keeps what was set of late, `maxEntries` at most and half of it at least: in two generations, of which the older is dropped whole. */
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
  };
}
