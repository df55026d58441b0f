import { type Clock, systemClock } from "../ports/clock.ts";
import type { SimulationOptions } from "./options.ts";
import { simulate } from "./simulate.ts";
import type { SimulatedEvent } from "./simulated-event.ts";

export interface LiveOptions {
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  /** How often due events are handed out. Default 250 ms. */
  readonly intervalMs?: number;
  /** Most events handed out at once. Default 1,000. */
  readonly maxBatch?: number;
  /** How to wait; for tests. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * The simulation as it would happen: batches of the events that have become due by the clock, never empty. A reader that falls behind gets what
 * it missed in batches of the greatest size. Ends with the simulation or when the signal aborts.
 */
export async function* simulateLive(
  options: SimulationOptions,
  live: LiveOptions = {},
): AsyncGenerator<readonly SimulatedEvent[], void, void> {
  const { clock = systemClock, signal, intervalMs = 250, maxBatch = 1000, sleep = wait } = live;
  const events = simulate(options);
  let next = events.next();
  const stopped = (): boolean => signal?.aborted === true;
  while (next.done !== true && !stopped()) {
    const now = clock.now();
    const batch: SimulatedEvent[] = [];
    while (next.done !== true && next.value.at <= now && batch.length < maxBatch) {
      batch.push(next.value);
      next = events.next();
    }
    if (batch.length > 0) yield batch;
    if (batch.length < maxBatch && next.done !== true)
      await sleep(Math.min(60_000, Math.max(intervalMs, next.value.at - clock.now())), signal);
  }
}

function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
  });
}
