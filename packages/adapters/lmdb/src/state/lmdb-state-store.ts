import {
  type Clock,
  oneGroup,
  type StateChange,
  type StateEntry,
  type StateStore,
} from "@ecap/sdk";
import type { Environment } from "../storage/environment.ts";
import type { GroupWriter, Outcome } from "../storage/group-writer.ts";
import { staged } from "../storage/staged.ts";
import { lmdbEntities } from "./lmdb-entities.ts";
import { prefixRange, storedKey, storedPrefix } from "./stored-key.ts";
import { decodeState, encodeState, entryOf, type StoredState } from "./stored-state.ts";
import { createWriteBehind } from "./write-behind.ts";

export interface LmdbStateStore extends StateStore {
  /** Puts a commit's changes into the transaction being made; they are visible once it is. */
  stage(changes: readonly StateChange[]): Outcome;
  /** Removes what expired. */
  readonly sweep: () => Promise<void>;
}

type Removed = { readonly version: number; readonly removed: true };
type Pending = StoredState | Removed;

/** Visible writes are stored at the latest after this long. */
const lingerMs = 20;
/** With more writes than this waiting, a writer waits for them to be stored. */
const maxWaiting = 50_000;
const sweepChunk = 1_000;
const versionKey = ["state-version"];

export function lmdbStateStore({
  environment,
  writer,
  clock,
}: {
  readonly environment: Environment;
  readonly writer: GroupWriter;
  readonly clock: Clock;
}): LmdbStateStore {
  const { states, meta } = environment;
  const pending = createWriteBehind<Pending>();
  const entities = lmdbEntities({ environment, writer, clock });
  /** Keys in the commit under way: writers of these wait until it is over. */
  const committing = new Map<string, Promise<void>>();
  let lastVersion = meta.get(versionKey) ?? 0;

  writer.add(() => {
    const outcome = pending.write((key, state) => {
      if ("removed" in state) staged(states.remove(storedKey(key)));
      else staged(states.put(storedKey(key), encodeState(state)));
    });
    if (outcome !== undefined) staged(meta.put(versionKey, lastVersion));
    return outcome;
  });

  function live(key: string): StoredState | undefined {
    const waiting = pending.get(key);
    if (waiting !== undefined) return "removed" in waiting ? undefined : unexpired(waiting);
    const stored = states.getBinary(storedKey(key));
    return stored === undefined ? undefined : unexpired(decodeState(stored));
  }

  function unexpired(state: StoredState): StoredState | undefined {
    return state.expiresAt !== undefined && state.expiresAt <= clock.now() ? undefined : state;
  }

  function nextVersion(): number {
    lastVersion += 1;
    return lastVersion;
  }

  /** What waits is stored in one transaction, so changes made in one turn are stored together. */
  function write(changes: readonly StateChange[]): string {
    const version = nextVersion();
    for (const { key, value, expiresAt } of changes) {
      const change: Pending =
        value === undefined
          ? { version, removed: true }
          : { key, value: value.slice(), version, expiresAt };
      pending.set(key, change);
    }
    writer.schedule(lingerMs);
    return String(version);
  }

  async function roomToWrite(): Promise<void> {
    if (pending.size + entities.waiting() > maxWaiting) await writer.flush();
  }

  async function* scan(prefix: string): AsyncIterable<StateEntry> {
    const unstored = new Map([...pending.entries()].filter(([key]) => key.startsWith(prefix)));
    for (const state of unstored.values()) {
      const found = "removed" in state ? undefined : unexpired(state);
      if (found !== undefined) yield entryOf(found);
    }
    let { start, end } = prefixRange(storedPrefix(prefix));
    for (;;) {
      // A chunk at a time: a read transaction that stays open would keep old pages from being used again.
      const chunk = [...states.getRange({ start, ...(end && { end }), limit: sweepChunk })];
      for (const { value } of chunk) {
        const state = unexpired(decodeState(value));
        if (state?.key.startsWith(prefix) === true && !unstored.has(state.key))
          yield entryOf(state);
      }
      const last = chunk.at(-1);
      if (last === undefined || chunk.length < sweepChunk) return;
      start = Buffer.concat([last.key, Buffer.of(0)]);
    }
  }

  return {
    async get(keys) {
      writer.assertOpen();
      return keys.map((key) => {
        const state = live(key);
        return state && entryOf(state);
      });
    },
    async compareAndSet({ key, value, expiresAt }, expected) {
      writer.assertOpen();
      await roomToWrite();
      while (committing.has(key)) await committing.get(key);
      const current = live(key);
      if ((current && String(current.version)) !== expected) return undefined;
      return write([{ key, value, expiresAt }]);
    },
    async writeGroup(changes, guard) {
      writer.assertOpen();
      const keys = [guard.key, ...changes.map(({ key }) => key)];
      oneGroup(keys);
      await roomToWrite();
      for (const key of keys) while (committing.has(key)) await committing.get(key);
      const current = live(guard.key);
      if ((current && String(current.version)) !== guard.expected) return undefined;
      return write(changes);
    },
    scan(prefix) {
      writer.assertOpen();
      return scan(prefix);
    },
    async contribute(contribution) {
      writer.assertOpen();
      await roomToWrite();
      return entities.contribute(contribution);
    },
    flush: () => writer.flush(),
    stage(changes) {
      const { promise, resolve } = withResolvers();
      for (const { key, value, expiresAt } of changes) {
        committing.set(key, promise);
        const version = nextVersion();
        if (value === undefined) staged(states.remove(storedKey(key)));
        else staged(states.put(storedKey(key), encodeState({ key, value, version, expiresAt })));
      }
      staged(meta.put(versionKey, lastVersion));
      const finish = (): void => {
        for (const { key } of changes) committing.delete(key);
        resolve();
      };
      return { committed: finish, failed: finish };
    },
    async sweep() {
      await entities.sweep();
      let start = Buffer.alloc(0);
      for (;;) {
        const chunk = [...states.getRange({ start, limit: sweepChunk })];
        const expired = chunk.filter(({ value }) => unexpired(decodeState(value)) === undefined);
        const remove = (): void => {
          for (const { key, value } of expired) {
            // Unless it was written meanwhile.
            const now = states.getBinary(key);
            if (now !== undefined && Buffer.compare(now, value) === 0) staged(states.remove(key));
          }
        };
        if (expired.length > 0) await writer.write(remove);
        const last = chunk.at(-1);
        if (last === undefined || chunk.length < sweepChunk) return;
        start = Buffer.concat([last.key, Buffer.of(0)]);
      }
    },
  };
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let settle: (() => void) | undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: () => settle?.() };
}
