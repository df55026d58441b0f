import type { ObjectStore } from "@ecap/sdk";

/** The store of a process that ends before the write for which `lives` is false. */
export function dyingStore(objects: ObjectStore, lives: () => boolean): ObjectStore {
  let dead = false;
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    dead ||= !lives();
    if (dead) throw new Error("the process has ended");
    return work();
  };
  return {
    ...objects,
    put: (key, bytes) => step(() => objects.put(key, bytes)),
    putIfAbsent: (key, bytes) => step(() => objects.putIfAbsent(key, bytes)),
    delete: (key) => step(() => objects.delete(key)),
  };
}
