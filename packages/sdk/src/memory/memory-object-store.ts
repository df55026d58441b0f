import { type Clock, systemClock } from "../ports/clock.ts";
import { checkObjectKey, compareObjectKeys } from "../ports/object-key.ts";
import type { ObjectStore } from "../ports/object-store.ts";

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly modifiedAt: number;
}

/** An ObjectStore that lives as long as the process. */
export function memoryObjectStore(options: { readonly clock?: Clock } = {}): ObjectStore {
  const clock = options.clock ?? systemClock;
  const objects = new Map<string, StoredObject>();

  const store = (key: string, bytes: Uint8Array) => {
    objects.set(key, { bytes: bytes.slice(), modifiedAt: clock.now() });
  };

  return {
    async get(key, range) {
      checkObjectKey(key);
      return objects.get(key)?.bytes.slice(range?.start ?? 0, range?.end);
    },
    async put(key, bytes) {
      checkObjectKey(key);
      store(key, bytes);
    },
    async putIfAbsent(key, bytes) {
      checkObjectKey(key);
      if (objects.has(key)) return false;
      store(key, bytes);
      return true;
    },
    async *list(prefix, { after } = {}) {
      const keys = [...objects.keys()]
        .filter((key) => key.startsWith(prefix))
        .filter((key) => after === undefined || compareObjectKeys(key, after) > 0)
        .toSorted(compareObjectKeys);
      for (const key of keys) {
        const object = objects.get(key);
        if (object) yield { key, size: object.bytes.length, modifiedAt: object.modifiedAt };
      }
    },
    async delete(key) {
      checkObjectKey(key);
      objects.delete(key);
    },
  };
}
