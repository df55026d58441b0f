import type { Clock, Contribution, WindowTotals } from "@ecap/sdk";
import {
  type Contributed,
  contributedOf,
  contributeTo,
  decodeEntity,
  emptyEntity,
  encodeEntity,
  prune,
  type StoredEntity,
} from "@ecap/sdk/memory";
import type { Environment } from "../storage/environment.ts";
import type { GroupWriter } from "../storage/group-writer.ts";
import { staged } from "../storage/staged.ts";
import { createRecentCache } from "./recent-cache.ts";
import { contributedKey, contributedPrefix, prefixRange, storedKey } from "./stored-key.ts";
import { createWriteBehind } from "./write-behind.ts";

export interface LmdbEntities {
  contribute(contribution: Contribution): WindowTotals;
  /** Contributions that are not stored yet. */
  waiting(): number;
  /** Removes entities that nothing contributed to for twice their longest window. */
  sweep(): Promise<void>;
}

/** Worked on in memory: it expires later with every contribution. */
type Entity = Omit<StoredEntity, "expiresAt"> & { expiresAt: number };

const lingerMs = 20;
const maxCached = 20_000;
const sweepChunk = 1_000;

/** Entities with sliding windows: worked on in memory, stored behind, the newest of each once a transaction. */
export function lmdbEntities({
  environment,
  writer,
  clock,
}: {
  readonly environment: Environment;
  readonly writer: GroupWriter;
  readonly clock: Clock;
}): LmdbEntities {
  const { entities, contributed } = environment;
  const cache = createRecentCache<Entity>(maxCached);
  const changed = createWriteBehind<Entity>();
  const ids = createWriteBehind<{ readonly key: Buffer; readonly kept: Contributed }>();

  /** Ids to be removed. */
  let forgotten: Uint8Array[] = [];

  writer.add(() => {
    if (forgotten.length === 0) return undefined;
    const removed = forgotten;
    forgotten = [];
    for (const id of removed) staged(contributed.remove(id));
    return {
      failed() {
        forgotten = [...removed, ...forgotten];
      },
    };
  });
  writer.add(() =>
    changed.write((key, entity) => staged(entities.put(storedKey(key), encodeEntity(entity)))),
  );
  writer.add(() => ids.write((_, { key, kept }) => staged(contributed.put(key, bytesOf(kept)))));

  function entityOf(key: string): Entity {
    const now = clock.now();
    const cached = cache.get(key) ?? changed.get(key);
    if (cached !== undefined) {
      cache.set(key, cached);
      if (cached.expiresAt > now) return cached;
    }
    const stored = cached === undefined ? entities.getBinary(storedKey(key)) : undefined;
    const found = stored === undefined ? undefined : decodeEntity(stored);
    const entity =
      found !== undefined && found.key === key && found.expiresAt > now
        ? found
        : { key, windows: emptyEntity(), expiresAt: Infinity };
    if ((found ?? cached) !== undefined && entity !== found) forget(key, Infinity);
    cache.set(key, entity);
    return entity;
  }

  /** Forgets the entity's ids that contributed at or before `until`. */
  function forget(key: string, until: number): void {
    const prefix = Buffer.from(contributedPrefix(key));
    const old: Uint8Array[] = [];
    for (const entry of contributed.getRange(prefixRange(prefix))) {
      if (timeOf(entry.value) <= until) old.push(entry.key);
    }
    for (const id of old) forgotten.push(id);
    if (old.length > 0) writer.schedule(lingerMs);
  }

  return {
    waiting: () => ids.size,
    contribute(contribution) {
      const { key, id } = contribution;
      const entity = entityOf(key);
      const idKey = contributedKey(key, id);
      const name = `${key}\n${id}`;
      const first = ids.get(name)?.kept ?? keptOf(contributed.getBinary(idKey));
      const now = clock.now();
      const totals = contributeTo(entity.windows, contribution, { first, now });
      if (!totals.applied) return totals;
      ids.set(name, { key: idKey, kept: contributedOf(contribution, totals) });
      entity.expiresAt = now + 2 * entity.windows.horizonMs;
      changed.set(key, entity);
      const forgetUntil = prune(entity.windows);
      if (forgetUntil !== undefined) forget(key, forgetUntil);
      writer.schedule(lingerMs);
      return totals;
    },
    async sweep() {
      let start = Buffer.alloc(0);
      for (;;) {
        const chunk = [...entities.getRange({ start, limit: sweepChunk })];
        const now = clock.now();
        const expired = chunk
          .map(({ key, value }) => ({ key, entity: decodeEntity(value) }))
          .filter(({ entity }) => entity.expiresAt <= now);
        const remove = (): void => {
          for (const { key, entity } of expired) {
            if (cache.get(entity.key) !== undefined) continue;
            staged(entities.remove(key));
            forget(entity.key, Infinity);
          }
        };
        if (expired.length > 0) await writer.write(remove);
        for (const [key, { expiresAt }] of cache.entries()) {
          if (expiresAt <= now && changed.get(key) === undefined) cache.delete(key);
        }
        const last = chunk.at(-1);
        if (last === undefined || chunk.length < sweepChunk) return;
        start = Buffer.concat([last.key, Buffer.of(0)]);
      }
    },
  };
}

function bytesOf(kept: Contributed): Buffer {
  return Buffer.from(Float64Array.from(kept).buffer);
}

function keptOf(stored: Uint8Array | undefined): Contributed | undefined {
  // Copied, for what LMDB gives lies wherever it lies, and is only valid now.
  return stored && new Float64Array(Uint8Array.from(stored).buffer);
}

/** The event time comes first. */
function timeOf(stored: Uint8Array): number {
  return new DataView(stored.buffer, stored.byteOffset, stored.byteLength).getFloat64(0, true);
}
