/**
 * A tree that parts rows at random until each is alone, or the tree is as deep as the average one. Rows unlike the others are alone soon.
 *
 * @see Liu, Ting & Zhou, "Isolation forest", ICDM 2008
 */
export interface IsolationTree {
  /** The feature each node parts by; −1 of a leaf. Children of node i are at `children[i]` and the one after it. */
  readonly features: Int16Array;
  /** Where a node parts; of a leaf, what its rows add to the length of the path. */
  readonly values: Float64Array;
  readonly children: Int16Array;
}

export type Row = ArrayLike<number>;

/** 0 to 1, exclusive. */
export type RandomNumber = () => number;

/** Parts the rows, which are at most some thousands. */
export function growTree(rows: readonly Row[], random: RandomNumber): IsolationTree {
  const deepest = Math.ceil(Math.log2(Math.max(2, rows.length)));
  const features: number[] = [];
  const values: number[] = [];
  const children: number[] = [];
  const leaf = (node: number, size: number): void => {
    features[node] = -1;
    values[node] = averagePath(size);
    children[node] = 0;
  };
  const pending = [{ node: 0, rows, depth: 0 }];
  let next = 1;
  for (let work = pending.pop(); work !== undefined; work = pending.pop()) {
    const { node, rows: own, depth } = work;
    const split = depth < deepest && own.length > 1 ? splitOf(own, random) : undefined;
    if (split === undefined) {
      leaf(node, own.length);
      continue;
    }
    features[node] = split.feature;
    values[node] = split.at;
    children[node] = next;
    const [left, right]: [Row[], Row[]] = [[], []];
    for (const row of own) ((row[split.feature] ?? 0) < split.at ? left : right).push(row);
    pending.push({ node: next, rows: left, depth: depth + 1 });
    pending.push({ node: next + 1, rows: right, depth: depth + 1 });
    next += 2;
  }
  return {
    features: Int16Array.from(features),
    values: Float64Array.from(values),
    children: Int16Array.from(children),
  };
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

function pathOf({ features, values, children }: IsolationTree, row: Row): number {
  let node = 0;
  for (let depth = 0; ; depth += 1) {
    const feature = features[node] ?? -1;
    const value = values[node] ?? 0;
    if (feature < 0) return depth + value;
    node = (children[node] ?? 0) + ((row[feature] ?? 0) < value ? 0 : 1);
  }
}

/** A feature that differs among the rows, and a value between its least and its largest; undefined where the rows are all alike. */
function splitOf(
  rows: readonly Row[],
  random: RandomNumber,
): { readonly feature: number; readonly at: number } | undefined {
  const width = rows[0]?.length ?? 0;
  const first = Math.floor(random() * width);
  for (let step = 0; step < width; step += 1) {
    const feature = (first + step) % width;
    let [least, largest] = [Infinity, -Infinity];
    for (const row of rows) {
      const value = row[feature] ?? 0;
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
    // Above the least, so that both sides have rows.
    if (least < largest) return { feature, at: largest - random() * (largest - least) };
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
