const word = 2 ** 32;

/** Writes a little-endian 64-bit integer into two words. A number must be a safe integer. */
export function writeInt64(words: Int32Array, at: number, value: number | bigint): void {
  if (typeof value === "number") {
    const high = Math.floor(value / word);
    words[at] = value - high * word;
    words[at + 1] = high;
  } else {
    words[at] = Number(BigInt.asIntN(32, value));
    words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }
}

/** Least and greatest of the numbers added. */
export class Bounds {
  private min: number | bigint | undefined;
  private max: number | bigint | undefined;

  add(value: number | bigint): void {
    if (this.min === undefined || value < this.min) this.min = value;
    if (this.max === undefined || value > this.max) this.max = value;
  }

  texts(text: (value: number | bigint) => string | undefined): {
    readonly min?: string;
    readonly max?: string;
  } {
    const min = this.min === undefined ? undefined : text(this.min);
    const max = this.max === undefined ? undefined : text(this.max);
    return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  }
}
