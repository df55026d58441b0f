import type { Clock } from "../ports/clock.ts";

/** What is in force by key, read again now and then while what is known goes on being used. */
export interface Followed<T> {
  /** What is known, at most {@link FollowOptions.refreshMs} old where reading takes no longer than 20 ms; read where nothing is known yet. */
  current(key: string): T | Promise<T>;
  /** Sees every change made up to now. */
  refresh(key: string): Promise<T>;
  /** Keys that are kept. */
  keys(): readonly string[];
  /** Everything known at this moment. */
  known(): readonly T[];
}

export interface FollowOptions<T> {
  readonly clock: Clock;
  /** Reads what is in force, given what was before. */
  readonly load: (key: string, before: T | undefined) => Promise<T>;
  /** Told of what could not be read again. */
  readonly failed: (key: string, error: unknown) => void;
  /** Told of what is not needed any more. */
  readonly dropped?: (value: T) => void;
  /** How old what is known may be, in milliseconds. */
  readonly refreshMs: number;
  /** Keys that are kept; beyond them the one that was read first is read again when it is next asked for. */
  readonly maxKeys: number;
}

interface Entry<T> {
  value: T | undefined;
  readAt: number;
  reading: Promise<T> | undefined;
  /** When the read that somebody may wait for began, by `performance.now()`. */
  readBegan: number;
}

/** How long somebody waits for a look at what changed; what takes longer goes on being read while what is known is used. */
const patienceMs = 20;

/** Reads what changed while what is known goes on being used: nobody waits for a large change. */
export function follow<T>({
  clock,
  load,
  failed,
  dropped,
  refreshMs,
  maxKeys,
}: FollowOptions<T>): Followed<T> {
  const entries = new Map<string, Entry<T>>();

  function entryOf(key: string): Entry<T> {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const [oldest] = entries;
    if (oldest !== undefined && entries.size >= maxKeys) {
      entries.delete(oldest[0]);
      if (oldest[1].value !== undefined) dropped?.(oldest[1].value);
    }
    const made: Entry<T> = {
      value: undefined,
      readAt: Number.NEGATIVE_INFINITY,
      reading: undefined,
      readBegan: 0,
    };
    entries.set(key, made);
    return made;
  }

  async function read(key: string, entry: Entry<T>): Promise<T> {
    const at = clock.now();
    const value = await load(key, entry.value);
    entry.value = value;
    entry.readAt = at;
    return value;
  }

  function refresh(key: string): Promise<T> {
    const entry = entryOf(key);
    const begin = (): Promise<T> => read(key, entry);
    // One after the other, so that a slow read never puts an older state in the place of a newer one.
    const next = (entry.reading ?? Promise.resolve()).then(begin, begin);
    entry.reading = next;
    const end = (): void => {
      if (entry.reading === next) entry.reading = undefined;
    };
    next.then(end, end);
    return next;
  }

  /** The read under way or a new one; what is known where it fails. */
  function again(key: string, entry: Entry<T>): Promise<T> {
    const known = entry.value as T;
    if (entry.reading !== undefined) return entry.reading.catch(() => known);
    entry.readBegan = performance.now();
    return refresh(key).catch((error: unknown) => {
      failed(key, error);
      return known;
    });
  }

  return {
    current(key) {
      const entry = entryOf(key);
      const age = clock.now() - entry.readAt;
      if (entry.value !== undefined && age >= 0 && age < refreshMs) return entry.value;
      if (entry.value === undefined) return entry.reading ?? refresh(key);
      return withinTime(
        again(key, entry),
        patienceMs - (performance.now() - entry.readBegan),
        entry.value,
      );
    },
    refresh,
    keys: () => [...entries.keys()],
    known: () => [...entries.values()].flatMap(({ value }) => (value === undefined ? [] : [value])),
  };
}

export async function withinTime<T>(promise: Promise<T>, ms: number, otherwise: T): Promise<T> {
  if (ms <= 0) return otherwise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
