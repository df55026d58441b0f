/** Changes as texts that compare: sorted, without the time, which every reader takes from elsewhere. */
export function changeTexts(changes: readonly object[]): readonly string[] {
  return changes
    .map((change) => {
      const cells = Object.entries(change).filter(([name]) => name !== "_commit_timestamp");
      return JSON.stringify(cells.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    })
    .toSorted();
}
