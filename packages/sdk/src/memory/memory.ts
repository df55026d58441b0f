import { type Clock, systemClock } from "../ports/clock.ts";
import type { AdapterSet } from "../ports/index.ts";
import { memoryObjectStore } from "./memory-object-store.ts";
import { memorySecretStore } from "./memory-secret-store.ts";
import { type MemoryStore, memoryStore } from "./memory-store.ts";

/** Everything a platform needs that memory can hold; nothing is kept when the process ends. */
export function memory({
  clock = systemClock,
}: {
  readonly clock?: Clock;
} = {}): AdapterSet & MemoryStore {
  const store = memoryStore({ clock });
  return {
    name: "memory",
    clock,
    ...store,
    objectStore: memoryObjectStore({ clock }),
    secretStore: memorySecretStore(),
    close: () => store.eventLog.close(),
  };
}
