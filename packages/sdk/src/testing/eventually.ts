/** Resolves once `check` passes; throws what it threw last when `withinMs` is over. */
export async function eventually(
  check: () => void | Promise<void>,
  { withinMs = 15_000, everyMs = 10 } = {},
): Promise<void> {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() >= until) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
