import { type Clock, systemClock } from "../ports/clock.ts";
import type { Committer } from "../ports/committer.ts";
import { memoryCommitter } from "./memory-committer.ts";
import { type MemoryEventLog, memoryEventLog } from "./memory-event-log.ts";
import { type MemoryStateStore, memoryStateStore } from "./memory-state-store.ts";

export interface MemoryStore {
  readonly eventLog: MemoryEventLog;
  readonly stateStore: MemoryStateStore;
  readonly committer: Committer;
}

/** Log, state and commits that belong together. */
export function memoryStore({ clock = systemClock }: { readonly clock?: Clock } = {}): MemoryStore {
  const eventLog = memoryEventLog({ clock });
  const stateStore = memoryStateStore({ clock });
  return { eventLog, stateStore, committer: memoryCommitter({ eventLog, stateStore }) };
}
