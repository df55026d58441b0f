import type { Deadline } from "../engine/deadline.ts";

/** Whether a stream is read, and how it ends: once, however it does. */
export interface StreamGuard {
  readonly deadline: Deadline;
  /** Called once: at the end, at an error, when the reader leaves, or when the deadline passes while nobody reads. */
  readonly ended: () => void;
}

/** The generator for one reader; what it fails of is explained, and it never ends without `ended`. */
export function guarded<T>(
  inner: AsyncGenerator<T>,
  { deadline, ended }: StreamGuard,
): AsyncIterableIterator<T> {
  const { signal } = deadline;
  let isReading = false;
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    signal.removeEventListener("abort", endUnread);
    ended();
  };
  const endUnread = (): void => {
    if (!isReading) end();
  };
  signal.addEventListener("abort", endUnread, { once: true });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (isOver && signal.aborted) throw deadline.explain(signal.reason);
      isReading = true;
      try {
        const step = await inner.next();
        if (step.done === true) end();
        return step;
      } catch (error) {
        end();
        throw deadline.explain(error);
      } finally {
        isReading = false;
      }
    },
    async return() {
      if (!isOver) deadline.abort();
      await inner.return(undefined).catch(() => {});
      end();
      return { done: true, value: undefined };
    },
  };
}
