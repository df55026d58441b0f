/** Quantiles are off by at most this share of their value. */
const accuracy = 0.01;
const gamma = (1 + accuracy) / (1 - accuracy);
const logGamma = Math.log(gamma);
/** Bins of one sign; past this many the smallest sizes are counted together and lose their accuracy. */
const maxBins = 2_048;
/** What is smaller counts as zero. */
const smallest = 1e-9;

/** Plain JSON: counts by bin, as pairs. */
export interface SavedDdSketch {
  readonly zeros: number;
  readonly positive: ReadonlyArray<readonly [number, number]>;
  readonly negative: ReadonlyArray<readonly [number, number]>;
}

/**
 * Quantiles of a stream within one per cent of their value, mergeable.
 *
 * @see Masson, Rim, Lee, DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees (VLDB 2019), https://arxiv.org/abs/1908.10693
 */
export class DdSketch {
  #zeros = 0;
  readonly #positive = new Map<number, number>();
  readonly #negative = new Map<number, number>();

  add(value: number): void {
    if (Math.abs(value) < smallest) this.#zeros += 1;
    else count(value > 0 ? this.#positive : this.#negative, binOf(Math.abs(value)), 1);
  }

  merge(other: DdSketch): void {
    this.#zeros += other.#zeros;
    for (const [bin, times] of other.#positive) count(this.#positive, bin, times);
    for (const [bin, times] of other.#negative) count(this.#negative, bin, times);
  }

  copy(): DdSketch {
    return DdSketch.load(this.save());
  }

  /** The value that a share `q` (0 to 1) of the values is not above; undefined where there are none. */
  quantile(q: number): number | undefined {
    const sizes: ReadonlyArray<readonly [number, number]> = [
      ...byBin(this.#negative)
        .toReversed()
        .map(([bin, times]) => [-valueOf(bin), times] as const),
      ...(this.#zeros > 0 ? [[0, this.#zeros] as const] : []),
      ...byBin(this.#positive).map(([bin, times]) => [valueOf(bin), times] as const),
    ];
    const total = sizes.reduce((sum, [, times]) => sum + times, 0);
    let left = q * (total - 1);
    for (const [value, times] of sizes) {
      if (left < times) return value;
      left -= times;
    }
    return sizes.at(-1)?.[0];
  }

  save(): SavedDdSketch {
    const [positive, negative] = [byBin(this.#positive), byBin(this.#negative)];
    return { zeros: this.#zeros, positive, negative };
  }

  static load({ zeros, positive, negative }: SavedDdSketch): DdSketch {
    const sketch = new DdSketch();
    sketch.#zeros = zeros;
    for (const [bin, times] of positive) sketch.#positive.set(bin, times);
    for (const [bin, times] of negative) sketch.#negative.set(bin, times);
    return sketch;
  }
}

function binOf(size: number): number {
  return Math.ceil(Math.log(size) / logGamma);
}

function valueOf(bin: number): number {
  return (2 * gamma ** bin) / (gamma + 1);
}

function byBin(bins: ReadonlyMap<number, number>): ReadonlyArray<readonly [number, number]> {
  return [...bins].toSorted(([a], [b]) => a - b);
}

function count(bins: Map<number, number>, bin: number, times: number): void {
  bins.set(bin, (bins.get(bin) ?? 0) + times);
  if (bins.size <= maxBins) return;
  const [least, next] = byBin(bins);
  if (least === undefined || next === undefined) return;
  bins.delete(least[0]);
  bins.set(next[0], next[1] + least[1]);
}
