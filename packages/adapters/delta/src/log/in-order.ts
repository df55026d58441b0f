/** Steps under way at once. */
const width = 8;

/** Runs an asynchronous step on every item, a few at a time; results in the order of the items. The first failure ends it. */
export async function inOrder<T, R>(
  items: readonly T[],
  step: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const work = async () => {
    for (const [index, item] of queue) results[index] = await step(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work));
  return results;
}
