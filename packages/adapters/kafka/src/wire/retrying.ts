import { isTransient, toEcapError } from "./errors.ts";

export interface RetryOptions {
  /** For the error: "appending to orders". */
  readonly doing: string;
  readonly timeoutMs: number;
  readonly firstBackoffMs?: number;
  readonly signal?: AbortSignal;
  /** Called before each further attempt. */
  readonly onRetry?: (error: unknown) => void;
}

const maxBackoffMs = 1_000;

/** Repeats what fails in passing until it works or the time is over; throws an EcapError. */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { doing, timeoutMs, firstBackoffMs = 20, signal } = options;
  const until = Date.now() + timeoutMs;
  for (let backoffMs = firstBackoffMs; ; backoffMs = Math.min(backoffMs * 2, maxBackoffMs)) {
    try {
      return await attempt();
    } catch (error) {
      const over = Date.now() + backoffMs > until || signal?.aborted === true;
      if (over || !isTransient(error)) throw toEcapError(error, doing);
      options.onRetry?.(error);
    }
    await pause(backoffMs, signal);
  }
}

/** Resolves after `ms`, or at once when the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const resume = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", resume);
      resolve();
    };
    const timer = setTimeout(resume, ms);
    signal?.addEventListener("abort", resume);
  });
}
