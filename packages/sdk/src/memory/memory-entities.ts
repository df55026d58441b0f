import type { Contribution, WindowTotals } from "../ports/state-store.ts";
import {
  type AskedTotals,
  type Contributed,
  contributedOf,
  contributeTo,
  type EntityWindows,
  emptyEntity,
  prune,
} from "./entity-windows.ts";

export interface MemoryEntities {
  /** What `StateStore.contribute` does, at once, with the store's clock at `now`. Totals that are not asked for may be empty, and those before are then not remembered. */
  contribute(contribution: Contribution, now: number, asked?: AskedTotals): WindowTotals;
}

interface StoredEntity {
  readonly windows: EntityWindows;
  /** What was kept of each contribution, or its time alone. */
  readonly ids: Map<string, Contributed | number>;
  expiresAt: number;
}

const leastSweep = 10_000;

/** Entities with sliding windows in the memory of this process. One that nothing contributed to for twice its longest window is forgotten. */
export function memoryEntities(): MemoryEntities {
  const entities = new Map<string, StoredEntity>();
  let untilSweep = leastSweep;

  /** Once in as many contributions as there are entities, so that it costs each the same. */
  function sweep(now: number): void {
    untilSweep -= 1;
    if (untilSweep > 0) return;
    for (const [key, entity] of entities) if (entity.expiresAt <= now) entities.delete(key);
    untilSweep = Math.max(leastSweep, entities.size);
  }

  function entityOf(key: string, now: number): StoredEntity {
    const held = entities.get(key);
    if (held !== undefined && held.expiresAt > now) return held;
    const fresh = { windows: emptyEntity(), ids: new Map(), expiresAt: Infinity };
    entities.set(key, fresh);
    return fresh;
  }

  return {
    contribute(contribution, now, asked = "both") {
      sweep(now);
      const entity = entityOf(contribution.key, now);
      const kept = entity.ids.get(contribution.id);
      const first = typeof kept === "number" ? [kept] : kept;
      const totals = contributeTo(entity.windows, contribution, { first, now, asked });
      if (!totals.applied) return totals;
      entity.ids.set(
        contribution.id,
        asked === "both" ? contributedOf(contribution, totals) : contribution.at,
      );
      entity.expiresAt = now + 2 * entity.windows.horizonMs;
      const forgetUntil = prune(entity.windows);
      if (forgetUntil !== undefined) {
        for (const [id, each] of entity.ids) if (timeOf(each) <= forgetUntil) entity.ids.delete(id);
      }
      return totals;
    },
  };
}

function timeOf(kept: Contributed | number): number {
  return typeof kept === "number" ? kept : (kept[0] ?? 0);
}
