/** Plain JSON: counters as [value, count, error]. */
export type SavedSpaceSaving = ReadonlyArray<
  readonly [value: string, count: number, error: number]
>;

export interface FrequentValue {
  readonly value: string;
  /** Never below the true count, and above it by `error` at most. */
  readonly count: number;
  readonly error: number;
}

/**
 * The most frequent values of a stream in a fixed number of counters: of N values, each that is more frequent than N / counters is among
 * them, and no count is off by more than that. Two of them add up, with the errors added.
 *
 * @see Metwally, Agrawal, El Abbadi, Efficient computation of frequent and top-k elements in data streams (ICDT 2005)
 * @see Agarwal et al., Mergeable summaries (PODS 2012), for the sum
 */
export class SpaceSaving {
  readonly #most: number;
  #counters = new Map<string, { count: number; error: number }>();

  constructor(counters = 32) {
    this.#most = counters;
  }

  add(value: string, times = 1): void {
    const held = this.#counters.get(value);
    if (held !== undefined) {
      held.count += times;
      return;
    }
    if (this.#counters.size < this.#most) {
      this.#counters.set(value, { count: times, error: 0 });
      return;
    }
    const [least, { count }] = this.#least();
    this.#counters.delete(least);
    this.#counters.set(value, { count: count + times, error: count });
  }

  merge(from: SpaceSaving): void {
    // What one of the two does not hold may have come as often as its least counter says.
    const [mine, theirs] = [this.#floor(), from.#floor()];
    const sum = new Map<string, { count: number; error: number }>();
    for (const value of [...this.#counters.keys(), ...from.#counters.keys()]) {
      const a = this.#counters.get(value) ?? { count: mine, error: mine };
      const b = from.#counters.get(value) ?? { count: theirs, error: theirs };
      sum.set(value, { count: a.count + b.count, error: a.error + b.error });
    }
    this.#counters = new Map(inOrder(sum).slice(0, this.#most));
  }

  /** The most frequent first; of equal counts by the value. */
  top(most: number): readonly FrequentValue[] {
    return inOrder(this.#counters)
      .slice(0, most)
      .map(([value, counter]) => ({ value, ...counter }));
  }

  save(): SavedSpaceSaving {
    return inOrder(this.#counters).map(([value, { count, error }]) => [value, count, error]);
  }

  static load(saved: SavedSpaceSaving, counters?: number): SpaceSaving {
    const sketch = new SpaceSaving(counters);
    for (const [value, count, error] of saved) sketch.#counters.set(value, { count, error });
    return sketch;
  }

  #floor(): number {
    return this.#counters.size < this.#most ? 0 : this.#least()[1].count;
  }

  #least(): readonly [string, { readonly count: number }] {
    let found: readonly [string, { readonly count: number }] = ["", { count: Infinity }];
    for (const entry of this.#counters) if (entry[1].count < found[1].count) found = entry;
    return found;
  }
}

function inOrder(
  counters: ReadonlyMap<string, { count: number; error: number }>,
): ReadonlyArray<[string, { count: number; error: number }]> {
  return [...counters].toSorted(([a, one], [b, two]) => two.count - one.count || (a < b ? -1 : 1));
}
