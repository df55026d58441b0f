import type { KeyValueStorage } from "../../src/client/index.ts";

export function memoryStorage(
  entries = new Map<string, string>(),
): KeyValueStorage & { readonly entries: Map<string, string> } {
  return {
    entries,
    get length() {
      return entries.size;
    },
    key: (index) => [...entries.keys()][index] ?? null,
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
    removeItem: (key) => void entries.delete(key),
  };
}
