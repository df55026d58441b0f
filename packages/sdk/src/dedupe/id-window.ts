/** A 64-bit hash of an id as two unsigned 32-bit halves (cyrb53's mixing, kept whole). Two of ten million ids collide with a chance of about 3 in a million. */
export interface IdHash {
  readonly high: number;
  readonly low: number;
}

export function hashId(scope: string, id: string): IdHash {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (const part of [scope, "\n", id]) {
    for (let i = 0; i < part.length; i += 1) {
      const code = part.charCodeAt(i);
      high = Math.imul(high ^ code, 2654435761);
      low = Math.imul(low ^ code, 1597334677);
    }
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return { high: high >>> 0, low: low >>> 0 };
}

/** Open addressing over pairs of 32-bit halves; (0, 0) marks a free place, so that hash is stored as (0, 1). */
interface Generation {
  readonly startedAt: number;
  slots: Uint32Array;
  count: number;
}

export interface IdWindowOptions {
  /** How long an id is remembered. */
  readonly windowMs: number;
  /** How many ids at most. At the bound the oldest generation is forgotten early, so the window becomes shorter, never the memory larger. */
  readonly maxIds: number;
}

const generationCount = 8;
const smallest = 1024;

/**
 * Remembers ids for a time, in bounded memory: about 16 bytes an id. Ids live in generations of an eighth of the window; forgetting drops a whole
 * generation, so an id is remembered for the window at least and nine eighths of it at most, unless the bound on ids is reached.
 */
export class IdWindow {
  readonly #options: IdWindowOptions;
  #generations: Generation[] = [];
  #forgottenEarly = 0;

  constructor(options: IdWindowOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#generations.reduce((sum, generation) => sum + generation.count, 0);
  }

  /** Ids forgotten before their time because of the bound. */
  get forgottenEarly(): number {
    return this.#forgottenEarly;
  }

  /** Whether the id is remembered, and at `now` still is. */
  has({ high, low }: IdHash, now = Number.NEGATIVE_INFINITY): boolean {
    for (const generation of this.#generations)
      if (this.#endOf(generation) > now && find(generation.slots, high, low) < 0) return true;
    return false;
  }

  /** Adds the id as seen at `now`; false where it was there. */
  add(hash: IdHash, now: number): boolean {
    if (this.has(hash, now)) return false;
    insert(this.#current(now), hash.high, hash.low);
    return true;
  }

  #endOf({ startedAt }: Generation): number {
    const { windowMs } = this.#options;
    return startedAt + windowMs / generationCount + windowMs;
  }

  #current(now: number): Generation {
    const { windowMs, maxIds } = this.#options;
    const span = windowMs / generationCount;
    let newest = this.#generations.at(-1);
    if (
      newest === undefined ||
      now >= newest.startedAt + span ||
      newest.count >= maxIds / generationCount
    ) {
      this.#generations = this.#generations.filter((generation) => this.#endOf(generation) > now);
      newest = { startedAt: now, slots: new Uint32Array(smallest * 2), count: 0 };
      this.#generations.push(newest);
    }
    while (this.#generations.length > 1 && this.size >= maxIds)
      this.#forgottenEarly += this.#generations.shift()?.count ?? 0;
    return newest;
  }
}

/** Index of the free slot for the hash, or −1 where the hash is there. */
function find(slots: Uint32Array, high: number, low: number): number {
  const mask = slots.length / 2 - 1;
  const storedLow = high === 0 && low === 0 ? 1 : low;
  for (let place = storedLow & mask; ; place = (place + 1) & mask) {
    const slotHigh = slots[place * 2];
    const slotLow = slots[place * 2 + 1];
    if (slotHigh === high && slotLow === storedLow) return -1;
    if (slotHigh === 0 && slotLow === 0) return place;
  }
}

function insert(generation: Generation, high: number, low: number): void {
  if (generation.count * 2 >= generation.slots.length / 2) grow(generation);
  const place = find(generation.slots, high, low);
  if (place < 0) return;
  generation.slots[place * 2] = high;
  generation.slots[place * 2 + 1] = high === 0 && low === 0 ? 1 : low;
  generation.count += 1;
}

function grow(generation: Generation): void {
  const old = generation.slots;
  generation.slots = new Uint32Array(old.length * 2);
  for (let i = 0; i < old.length; i += 2) {
    const high = old[i] ?? 0;
    const low = old[i + 1] ?? 0;
    if (high === 0 && low === 0) continue;
    const place = find(generation.slots, high, low);
    generation.slots[place * 2] = high;
    generation.slots[place * 2 + 1] = low;
  }
}
