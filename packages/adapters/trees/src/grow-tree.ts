import type { BinnedFeatures } from "./binned-features.ts";

/** A tree as columns, its root at 0. A branch sends missing values and those of a bin up to `bin` to `below`. */
export interface Tree {
  /** −1 is a leaf. */
  readonly feature: number[];
  readonly bin: number[];
  readonly below: number[];
  readonly above: number[];
  /** Of a leaf. */
  readonly value: number[];
}

/** What each row pulls towards, and how much it counts: a leaf's value is the sum of the first over that of the second. */
export interface Pull {
  readonly gradient: Float64Array;
  readonly curvature: Float64Array;
}

export interface GrowOptions {
  readonly depth: number;
  readonly leafWeight: number;
  readonly l2: number;
  /** How many features are looked at for a branch. */
  readonly features: number;
  readonly random: () => number;
}

/** Row and feature pairs looked at before the event loop has a turn: some ten milliseconds. */
const workPerTurn = 2_000_000;
const bins = 256;

/**
 * Grows a tree on the rows, which it brings into another order, and stops for a turn of the event loop at each `yield`. Branches are those with the
 * greatest second-order gain (Chen and Guestrin, 2016, equation 7); where gradients are labels and curvatures weights, that is Gini's.
 */
export function* growTree(
  { bins: columns, edges }: BinnedFeatures,
  { gradient, curvature }: Pull,
  rows: Uint32Array,
  { depth, leafWeight, l2, features, random }: GrowOptions,
): Generator<undefined, Tree> {
  const tree: Tree = { feature: [], bin: [], below: [], above: [], value: [] };
  const gradients = new Float64Array(bins);
  const curvatures = new Float64Array(bins);
  const order = Uint16Array.from(columns.keys());
  let work = 0;

  const add = (): number => {
    tree.feature.push(-1);
    tree.bin.push(0);
    tree.below.push(0);
    tree.above.push(0);
    return tree.value.push(0) - 1;
  };
  const worth = (g: number, h: number): number => (g * g) / (h + l2);

  /** The best branch of rows `start` to `end` on a feature, where it is better than `best`. */
  function look(feature: number, { start, end, g, h }: Span, best: Split): Split {
    const column = columns[feature] ?? new Uint8Array();
    const last = edges[feature]?.length ?? 0;
    gradients.fill(0, 0, last + 2);
    curvatures.fill(0, 0, last + 2);
    for (let i = start; i < end; i += 1) {
      const row = rows[i] ?? 0;
      const bin = column[row] ?? 0;
      gradients[bin] = (gradients[bin] ?? 0) + (gradient[row] ?? 0);
      curvatures[bin] = (curvatures[bin] ?? 0) + (curvature[row] ?? 0);
    }
    let found = best;
    let [g0, h0] = [0, 0];
    for (let bin = 0; bin <= last; bin += 1) {
      const own = curvatures[bin] ?? 0;
      g0 += gradients[bin] ?? 0;
      h0 += own;
      if (own === 0 || h0 < leafWeight) continue;
      if (h - h0 < leafWeight) break;
      const gain = worth(g0, h0) + worth(g - g0, h - h0);
      if (gain > found.gain) found = { feature, bin, gain };
    }
    return found;
  }

  function sums(start: number, end: number): { readonly g: number; readonly h: number } {
    let [g, h] = [0, 0];
    for (let i = start; i < end; i += 1) {
      g += gradient[rows[i] ?? 0] ?? 0;
      h += curvature[rows[i] ?? 0] ?? 0;
    }
    return { g, h };
  }

  /** Brings rows that go below to the front; where the others begin. */
  function divide({ start, end }: Span, { feature, bin }: Split): number {
    const column = columns[feature] ?? new Uint8Array();
    let middle = start;
    for (let i = start; i < end; i += 1) {
      const row = rows[i] ?? 0;
      if ((column[row] ?? 0) > bin) continue;
      rows[i] = rows[middle] ?? 0;
      rows[middle] = row;
      middle += 1;
    }
    return middle;
  }

  const open: Span[] = [
    { node: add(), start: 0, end: rows.length, depth, ...sums(0, rows.length) },
  ];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const { node, start, end, g, h } = span;
    let best: Split = { feature: -1, bin: 0, gain: worth(g, h) * (1 + 1e-9) + 1e-12 };
    if (span.depth > 0 && h >= 2 * leafWeight) {
      let looked = 0;
      for (let left = order.length; left > 0 && looked < features; left -= 1) {
        // The next of a random order, made as far as it is needed.
        const at = Math.floor(random() * left);
        const feature = order[at] ?? 0;
        order[at] = order[left - 1] ?? 0;
        order[left - 1] = feature;
        if ((edges[feature]?.length ?? 0) === 0) continue;
        looked += 1;
        best = look(feature, span, best);
      }
      work += (end - start) * looked;
    }
    if (best.feature < 0) {
      tree.value[node] = h + l2 === 0 ? 0 : g / (h + l2);
    } else {
      const middle = divide(span, best);
      tree.feature[node] = best.feature;
      tree.bin[node] = best.bin;
      const below = add();
      const above = add();
      tree.below[node] = below;
      tree.above[node] = above;
      const under = { depth: span.depth - 1 };
      open.push(
        { ...under, node: above, start: middle, end, ...sums(middle, end) },
        { ...under, node: below, start, end: middle, ...sums(start, middle) },
      );
    }
    if (work >= workPerTurn) {
      work = 0;
      yield;
    }
  }
  return tree;
}

interface Span {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly g: number;
  readonly h: number;
}

interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly gain: number;
}

/** Value of the leaf a row comes to. */
export function leafOf(tree: Tree, { bins: columns }: BinnedFeatures, row: number): number {
  let node = 0;
  for (let feature = tree.feature[0] ?? -1; feature >= 0; feature = tree.feature[node] ?? -1) {
    const bin = columns[feature]?.[row] ?? 0;
    node = (bin <= (tree.bin[node] ?? 0) ? tree.below[node] : tree.above[node]) ?? 0;
  }
  return tree.value[node] ?? 0;
}
