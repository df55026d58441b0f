import { type Clock, systemClock } from "../ports/clock.ts";
import {
  oneGroup,
  type StateChange,
  type StateEntry,
  type StateStore,
} from "../ports/state-store.ts";
import {
  type Contributed,
  contributedOf,
  contributeTo,
  type EntityWindows,
  emptyEntity,
  prune,
} from "./entity-windows.ts";

export interface MemoryStateStore extends StateStore {
  /** Applies the changes before it returns, which is what makes a memory commit atomic. */
  applyNow(changes: readonly StateChange[]): void;
}

interface StoredState {
  readonly entry: StateEntry;
  readonly expiresAt: number | undefined;
}

interface StoredEntity {
  readonly windows: EntityWindows;
  readonly ids: Map<string, Contributed>;
  expiresAt: number;
}

const sweepEvery = 10_000;

/** A StateStore in the memory of this process. An entity that nothing contributed to for twice its longest window is forgotten. */
export function memoryStateStore({
  clock = systemClock,
}: {
  readonly clock?: Clock;
} = {}): MemoryStateStore {
  const states = new Map<string, StoredState>();
  const entities = new Map<string, StoredEntity>();
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
    const now = clock.now();
    for (const [key, entity] of entities) if (entity.expiresAt <= now) entities.delete(key);
    for (const key of states.keys()) live(key);
  }

  function entityOf(key: string): StoredEntity {
    const held = entities.get(key);
    if (held !== undefined && held.expiresAt > clock.now()) return held;
    const fresh = { windows: emptyEntity(), ids: new Map(), expiresAt: Infinity };
    entities.set(key, fresh);
    return fresh;
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
    async contribute(contribution) {
      sweep();
      const now = clock.now();
      const entity = entityOf(contribution.key);
      const first = entity.ids.get(contribution.id);
      const totals = contributeTo(entity.windows, contribution, { first, now });
      if (!totals.applied) return totals;
      entity.ids.set(contribution.id, contributedOf(contribution, totals));
      entity.expiresAt = now + 2 * entity.windows.horizonMs;
      const forgetUntil = prune(entity.windows);
      if (forgetUntil !== undefined) {
        for (const [id, [at = 0]] of entity.ids) if (at <= forgetUntil) entity.ids.delete(id);
      }
      return totals;
    },
    flush: async () => {},
    applyNow: (changes) => void applyAll(changes),
  };
}
