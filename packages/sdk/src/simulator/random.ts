/** A seeded source of chance: the same seed gives the same numbers everywhere. It is sfc32 by Chris Doty-Humphrey, which passes PractRand. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(...seed: ReadonlyArray<string | number>) {
    this.#a = hash(0, seed);
    this.#b = hash(1, seed);
    this.#c = hash(2, seed);
    for (let i = 0; i < 12; i += 1) this.bits();
  }

  /** 32 random bits. */
  bits(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.bits() / 4_294_967_296;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** A whole number in [least, most]. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }

  /** The index of a weight, as likely as it is heavy. */
  weighted(weights: readonly number[]): number {
    let rest = 0;
    for (const weight of weights) rest += weight;
    rest *= this.next();
    for (let i = 0; i < weights.length; i += 1) {
      rest -= weights[i] ?? 0;
      if (rest < 0) return i;
    }
    return weights.length - 1;
  }

  /** Exponentially distributed with the given mean. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** How many of something that happens `mean` times on average. */
  poisson(mean: number): number {
    // Past a few dozen the sum of two uniform spreads is near enough to normal, and needs no more numbers.
    if (mean > 50)
      return Math.max(0, Math.round(mean + Math.sqrt(mean * 6) * (this.next() + this.next() - 1)));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.next(); product > limit; product *= this.next()) count += 1;
    return count;
  }
}

const hexadecimal = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** A UUID version 7 of the instant (epoch milliseconds). */
export function randomUuid(random: Random, at: number): string {
  const time = at.toString(16).padStart(12, "0");
  const a = hex32(random.bits());
  const b = hex32(random.bits());
  const c = hex32(random.bits());
  return `${time.slice(0, 8)}-${time.slice(8)}-7${a.slice(0, 3)}-b${a.slice(3, 6)}-${b}${c.slice(0, 4)}`;
}

export function hex32(bits: number): string {
  const byte = (shift: number): string => hexadecimal[(bits >>> shift) & 255] ?? "00";
  return byte(24) + byte(16) + byte(8) + byte(0);
}

/** FNV-1a over the parts, then mixed as murmur3 finishes. */
function hash(basis: number, parts: ReadonlyArray<string | number>): number {
  let value = 0x811c9dc5 ^ basis;
  for (const part of parts) {
    const text = `${part}/`;
    for (let i = 0; i < text.length; i += 1)
      value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
