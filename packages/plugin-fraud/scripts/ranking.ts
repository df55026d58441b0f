/** A score and whether the case was positive. */
export interface Ranked {
  readonly score: number;
  readonly positive: boolean;
}

/** Area under the ROC curve: the chance that a positive is ranked above a negative; ties count half. */
export function areaUnderCurve(cases: readonly Ranked[]): number {
  const sorted = cases.toSorted((a, b) => a.score - b.score);
  let rankSum = 0;
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end < sorted.length && sorted[end]?.score === sorted[start]?.score) end += 1;
    const rank = (start + 1 + end) / 2;
    for (let at = start; at < end; at += 1) if (sorted[at]?.positive === true) rankSum += rank;
    start = end;
  }
  const positives = cases.filter(({ positive }) => positive).length;
  const negatives = cases.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean of the precision at every positive, from the highest score down. */
export function averagePrecision(cases: readonly Ranked[]): number {
  const sorted = cases.toSorted((a, b) => b.score - a.score);
  let found = 0;
  let sum = 0;
  sorted.forEach(({ positive }, index) => {
    if (!positive) return;
    found += 1;
    sum += found / (index + 1);
  });
  return sum / found;
}

/** Share of positives among the k highest scores. */
export function precisionAt(k: number, cases: readonly Ranked[]): number {
  const top = cases.toSorted((a, b) => b.score - a.score).slice(0, k);
  return top.filter(({ positive }) => positive).length / top.length;
}
