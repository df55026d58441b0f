import { EcapError } from "../../errors/ecap-error.ts";
import { pause } from "../pause.ts";

export interface StepLimit {
  /** What takes too long, for the message. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Called where it took too long, with what resolves when it has ended after all, at the latest after as long again. */
  readonly onHung: (ended: Promise<void>) => void;
}

/**
 * Ends the wait for a step: past the limit its signal is aborted and ECAP_PLUGIN_TIMEOUT is thrown. Nothing in JavaScript ends the step itself, so whoever
 * begins another waits for `ended` first; one that heeds neither the signal nor twice the limit is taken to wait for something that never comes.
 */
export async function withStepLimit<T>(
  step: (signal: AbortSignal) => Promise<T>,
  { what, timeoutMs, onHung }: StepLimit,
): Promise<T> {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const running = step(ending.signal);
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new EcapError(
        "ECAP_PLUGIN_TIMEOUT",
        `${what} took longer than ${timeoutMs} ms`,
      );
      const settled = running.then(
        () => {},
        () => {},
      );
      onHung(Promise.race([settled, pause(timeoutMs)]));
      ending.abort(error);
      reject(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}
