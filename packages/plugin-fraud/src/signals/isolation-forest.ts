/**
 * A tree that parts rows at random until each is alone, or the tree is as deep as the average one. Rows unlike the others are alone soon.
 *
 * @see Liu, Ting & Zhou, "Isolation forest", ICDM 2008
 */
export interface IsolationTree {
  /** Of node i: at 2i the feature it parts by, or −1 of a leaf, and at 2i + 1 its first child, which the second follows. */
  readonly nodes: Int16Array;
  /** Where a node parts; of a leaf, the length of the path to it with what its rows add. */
  readonly values: Float32Array;
}

export type Row = ArrayLike<number>;

/** 0 to 1, exclusive. */
export type RandomNumber = () => number;

/** Parts the rows, at most some thousands of one width. */
export function growTree(rows: readonly Row[], random: RandomNumber): IsolationTree {
  const deepest = Math.ceil(Math.log2(Math.max(2, rows.length)));
  // Each node has the rows from one place of this order to another.
  const order = Int32Array.from(rows, (_, i) => i);
  const nodes: number[] = [];
  const values: number[] = [];
  const pending = [{ node: 0, from: 0, to: rows.length, depth: 0 }];
  let next = 1;
  for (let work = pending.pop(); work !== undefined; work = pending.pop()) {
    const { node, from, to, depth } = work;
    const split =
      depth < deepest && to - from > 1
        ? splitOf(rows, order.subarray(from, to), random)
        : undefined;
    nodes[2 * node] = split?.feature ?? -1;
    nodes[2 * node + 1] = split === undefined ? 0 : next;
    values[node] = split?.at ?? depth + averagePath(to - from);
    if (split === undefined) continue;
    const middle = from + part(rows, order.subarray(from, to), split);
    pending.push({ node: next, from, to: middle, depth: depth + 1 });
    pending.push({ node: next + 1, from: middle, to, depth: depth + 1 });
    next += 2;
  }
  return { nodes: Int16Array.from(nodes), values: Float32Array.from(values) };
}

interface Split {
  readonly feature: number;
  readonly at: number;
}

/** Puts rows below the split before those that are not, and gives how many are below. */
function part(rows: readonly Row[], order: Int32Array, { feature, at }: Split): number {
  let below = 0;
  for (let i = 0; i < order.length; i += 1) {
    const row = order[i] ?? 0;
    if ((rows[row]?.[feature] ?? 0) >= at) continue;
    order[i] = order[below] ?? 0;
    order[below] = row;
    below += 1;
  }
  return below;
}

/** How unlike the rows the trees were grown from, `sampleSize` each: about 0.5 of what is like the others, near 1 of what is alone. */
export function isolationScore(
  trees: readonly IsolationTree[],
  row: Row,
  sampleSize: number,
): number {
  let path = 0;
  for (const tree of trees) path += pathOf(tree, row);
  return 2 ** (-path / trees.length / averagePath(sampleSize));
}

function pathOf({ nodes, values }: IsolationTree, row: Row): number {
  let node = 0;
  for (;;) {
    const feature = nodes[2 * node] ?? -1;
    const value = values[node] ?? 0;
    if (feature < 0) return value;
    node = (nodes[2 * node + 1] ?? 0) + ((row[feature] ?? 0) < value ? 0 : 1);
  }
}

/** A feature that differs among the rows, and a value between its least and its largest; undefined where the rows are all alike. */
function splitOf(rows: readonly Row[], order: Int32Array, random: RandomNumber): Split | undefined {
  const width = rows[0]?.length ?? 0;
  const first = Math.floor(random() * width);
  for (let step = 0; step < width; step += 1) {
    const feature = (first + step) % width;
    let [least, largest] = [Infinity, -Infinity];
    for (const row of order) {
      const value = rows[row]?.[feature] ?? 0;
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    // Above the least, so that both sides have rows, also as the 32-bit float that is kept.
    const at = Math.fround(largest - random() * (largest - least));
    if (at > least && at <= largest) return { feature, at };
  }
  return undefined;
}

const eulerMascheroni = 0.5772156649015329;

/** The mean length of a path in a binary search tree of so many rows that finds nothing: c(n) of the paper. */
export function averagePath(size: number): number {
  if (size <= 1) return 0;
  if (size === 2) return 1;
  return 2 * (Math.log(size - 1) + eulerMascheroni) - (2 * (size - 1)) / size;
}
