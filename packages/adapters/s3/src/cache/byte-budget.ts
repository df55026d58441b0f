/** Lends bytes up to a sum; who asks for more than is left waits, in the order they came. */
export interface ByteBudget {
  /** Resolves the function that gives them back. An ask above the whole sum is for the caller to refuse. */
  take(bytes: number, signal?: AbortSignal): Promise<() => void>;
}

interface Waiter {
  readonly bytes: number;
  readonly go: () => void;
}

export function byteBudget(total: number): ByteBudget {
  const waiting = new Set<Waiter>();
  let lent = 0;

  const serve = () => {
    for (const waiter of waiting) {
      if (lent + waiter.bytes > total) return;
      waiting.delete(waiter);
      lent += waiter.bytes;
      waiter.go();
    }
  };
  const giveBack = (bytes: number) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      lent -= bytes;
      serve();
    };
  };

  return {
    async take(bytes, signal) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const stop = () => {
          waiting.delete(waiter);
          reject(new Error("gave up waiting for room"));
          serve();
        };
        const waiter: Waiter = {
          bytes,
          go: () => {
            signal?.removeEventListener("abort", stop);
            resolve();
          },
        };
        signal?.addEventListener("abort", stop, { once: true });
        waiting.add(waiter);
        serve();
      });
      return giveBack(bytes);
    },
  };
}
