/** Runs steps, so many at a time; others wait in the order they came. */
export type Limit = <T>(step: () => Promise<T>) => Promise<T>;

export function limit(width: number): Limit {
  const waiting: Array<() => void> = [];
  let running = 0;
  return async (step) => {
    if (running >= width) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    } else running++;
    try {
      return await step();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
