import type { Clock } from "../ports/clock.ts";

/** A clock that stands still until it is told otherwise. */
export interface ManualClock extends Clock {
  set(epochMs: number): void;
  advance(byMs: number): void;
}

export function manualClock(startMs = 0): ManualClock {
  let now = startMs;
  return {
    now: () => now,
    set: (epochMs) => {
      now = epochMs;
    },
    advance: (byMs) => {
      now += byMs;
    },
  };
}
