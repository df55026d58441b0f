import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";

/** Work this long is done before others get a turn of the event loop. */
const turnMs = 5;

/** Called between small steps of work that somebody waits for: lets others have a turn when the steps since the last one took long. */
export function turns(): () => Promise<void> {
  let begun = performance.now();
  return async () => {
    if (performance.now() - begun < turnMs) return;
    await setImmediate();
    begun = performance.now();
  };
}
