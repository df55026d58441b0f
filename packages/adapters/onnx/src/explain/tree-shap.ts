import { next, type TreeEnsemble } from "./tree-ensemble.ts";

/**
 * Exact Shapley values of a tree ensemble for a row against one background row: what each column adds when the columns of a coalition are the row's and the
 * others the background's. A leaf is reached where the columns of one set are the row's and those of another the background's; its value goes to
 * these in closed form.
 *
 * @see Lundberg et al., From local explanations to global understanding with explainable AI for trees, Nature Machine Intelligence 2, 2020
 * (interventional feature perturbation); Laberge and Pequignot, Understanding interventional TreeSHAP, 2022
 */
export function addTreeShap(
  trees: TreeEnsemble,
  { row, background }: { readonly row: readonly number[]; readonly background: readonly number[] },
  contributions: Float64Array,
): void {
  /** 0: both go the same way so far; 1: the row's; 2: the background's. */
  const side = new Uint8Array(contributions.length);
  const ofRow: number[] = [];
  const ofBackground: number[] = [];

  function visit(node: number): void {
    const column = trees.feature[node] ?? -1;
    if (column < 0) {
      give(trees.value[node] ?? 0);
      return;
    }
    const byRow = next(trees, node, row[column] ?? Number.NaN);
    const byBackground = next(trees, node, background[column] ?? Number.NaN);
    if (byRow === byBackground || side[column] === 1) visit(byRow);
    else if (side[column] === 2) visit(byBackground);
    else {
      side[column] = 1;
      ofRow.push(column);
      visit(byRow);
      ofRow.pop();
      side[column] = 2;
      ofBackground.push(column);
      visit(byBackground);
      ofBackground.pop();
      side[column] = 0;
    }
  }

  function give(value: number): void {
    if (value === 0) return;
    const [u, v] = [ofRow.length, ofBackground.length];
    for (const column of ofRow)
      contributions[column] = (contributions[column] ?? 0) + value * weight(u - 1, v);
    for (const column of ofBackground)
      contributions[column] = (contributions[column] ?? 0) - value * weight(u, v - 1);
  }

  for (const root of trees.roots) visit(root);
}

/** `a! b! / (a + b + 1)!`: the share of orders in which exactly the first `a` of one set come before a column, and the `b` of the other after it. */
export function weight(a: number, b: number): number {
  // 1 / ((a + b + 1) × (a + b choose a)), without large factorials.
  let choose = 1;
  for (let i = 1; i <= a; i += 1) choose = (choose * (b + i)) / i;
  return 1 / ((a + b + 1) * choose);
}
