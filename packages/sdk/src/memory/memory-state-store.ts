import { type Clock, systemClock } from "../ports/clock.ts";
import {
  oneGroup,
  type StateChange,
  type StateEntry,
  type StateStore,
} from "../ports/state-store.ts";
import { memoryEntities } from "./memory-entities.ts";

export interface MemoryStateStore extends StateStore {
  /** Applies the changes before it returns, which is what makes a memory commit atomic. */
  applyNow(changes: readonly StateChange[]): void;
}

interface StoredState {
  readonly entry: StateEntry;
  readonly expiresAt: number | undefined;
}

const sweepEvery = 10_000;

/** A StateStore in the memory of this process. An entity that nothing contributed to for twice its longest window is forgotten. */
export function memoryStateStore({
  clock = systemClock,
}: {
  readonly clock?: Clock;
} = {}): MemoryStateStore {
  const states = new Map<string, StoredState>();
  const entities = memoryEntities();
  let lastVersion = 0;
  let writes = 0;

  function live(key: string): StateEntry | undefined {
    const stored = states.get(key);
    if (stored === undefined) return undefined;
    if (stored.expiresAt === undefined || stored.expiresAt > clock.now()) return stored.entry;
    states.delete(key);
    return undefined;
  }

  function applyAll(changes: readonly StateChange[]): string {
    sweep();
    lastVersion += 1;
    const version = String(lastVersion);
    for (const { key, value, expiresAt } of changes) {
      if (value === undefined) states.delete(key);
      else states.set(key, { entry: { key, value: value.slice(), version }, expiresAt });
    }
    return version;
  }

  function sweep(): void {
    writes += 1;
    if (writes % sweepEvery !== 0) return;
    for (const key of states.keys()) live(key);
  }

  return {
    get: async (keys) => keys.map(live),
    async compareAndSet(change, expected) {
      return live(change.key)?.version === expected ? applyAll([change]) : undefined;
    },
    async writeGroup(changes, guard) {
      oneGroup([guard.key, ...changes.map(({ key }) => key)]);
      if (live(guard.key)?.version !== guard.expected) return undefined;
      return applyAll(changes);
    },
    async *scan(prefix) {
      const keys = [...states.keys()].filter((key) => key.startsWith(prefix));
      for (const key of keys) {
        const entry = live(key);
        if (entry !== undefined) yield entry;
      }
    },
    contribute: async (contribution) => entities.contribute(contribution, clock.now()),
    flush: async () => {},
    applyNow: (changes) => void applyAll(changes),
  };
}
