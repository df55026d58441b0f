/** The only source of time. Expiry, windows and schedules follow the clock they are given, so tests and replays set it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
