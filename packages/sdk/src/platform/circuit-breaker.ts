import type { Clock } from "../ports/clock.ts";

export type BreakerState = "closed" | "open" | "half-open";

export interface CircuitBreaker {
  readonly state: BreakerState;
  /** Whether a call may be made now: not while it is open. Past the pause calls are trials until one succeeds, which closes it, or fails, which opens it again. */
  allows(): boolean;
  succeeded(): void;
  failed(): void;
}

/** Opens after `failures` failures in a row and lets trials through after `pauseMs`, which doubles while trials fail, up to sixteen times. */
export function createCircuitBreaker({
  clock,
  failures = 5,
  pauseMs = 1_000,
}: {
  clock: Clock;
  failures?: number;
  pauseMs?: number;
}): CircuitBreaker {
  let inARow = 0;
  let openedAt = 0;
  let pause = pauseMs;
  let state: BreakerState = "closed";
  return {
    get state() {
      return state;
    },
    allows() {
      if (state === "open" && clock.now() - openedAt >= pause) state = "half-open";
      return state !== "open";
    },
    succeeded() {
      inARow = 0;
      pause = pauseMs;
      state = "closed";
    },
    failed() {
      inARow += 1;
      if (state === "half-open") pause = Math.min(pause * 2, pauseMs * 16);
      if (state === "half-open" || inARow >= failures) {
        state = "open";
        openedAt = clock.now();
      }
    },
  };
}
