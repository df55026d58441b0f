import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";

/** How many times the work's own length it waits at most. */
const patience = 4;
const busy = 0.5;

/**
 * Lets whoever else needs this process go first: resolves at once after little work, and otherwise when the event loop has been half idle for a
 * millisecond or the wait is four times the work. So work behind the door slows down while the door is crowded, and never stops.
 */
export async function giveWay(workedMs: number): Promise<void> {
  const until = performance.now() + workedMs * patience;
  do {
    const before = performance.eventLoopUtilization();
    await setTimeout(1);
    if (performance.eventLoopUtilization(before).utilization < busy) return;
  } while (performance.now() < until);
}
