import { reasonOf } from "../dead-letters.ts";
import { hasRead } from "../has-read.ts";
import type { Leg } from "../topology.ts";
import type { HeldPartition, HeldPartitions } from "./held-partitions.ts";
import type { LegOptions } from "./leg-options.ts";
import type { LegSteps } from "./leg-steps.ts";

const pollMs = 1_000;
const defaultIdleAfterMs = 30_000;

/** Looks again and again for partitions that were read to their end and stay silent: they close their windows and keep nobody waiting. */
export function watchSilence(
  options: LegOptions,
  partitions: HeldPartitions,
  steps: LegSteps,
): { close(): void } {
  const { leg, logger } = options;
  const { idleAfterMs = defaultIdleAfterMs } = leg.source;
  if (idleAfterMs === Infinity || !needsTime(leg)) return { close: () => {} };
  const poll = (): void => {
    for (const mine of partitions.all) {
      noticeSilence(mine, { ...options, idleAfterMs, partitions, steps }).catch((error: unknown) =>
        logger.debug({ ...reasonOf(error) }, "a silent partition could not be taken note of"),
      );
    }
  };
  const timer = setInterval(poll, Math.max(10, Math.min(pollMs, idleAfterMs / 2)));
  timer.unref();
  return { close: () => clearInterval(timer) };
}

interface Watching extends LegOptions {
  readonly idleAfterMs: number;
  readonly partitions: HeldPartitions;
  readonly steps: LegSteps;
}

async function noticeSilence(mine: HeldPartition, watching: Watching): Promise<void> {
  const { clock, upstream, eventLog, partitions, steps } = watching;
  const { claim, offset, task, fenced, mayLag } = mine;
  const limit = clock.now() - watching.idleAfterMs;
  const isSilent = mine.activeAt <= limit;
  const mayRegain = fenced !== undefined && performance.now() >= fenced.until;
  if (isSilent && (mayRegain || (mayLag && fenced === undefined))) {
    await partitions.inTurn(mine, () => steps.catchUpInSilence(mine));
    return;
  }
  const isQuiet = upstream === undefined ? isSilent : task.isSilent;
  if (fenced !== undefined || mine.isIdle || !isQuiet) return;
  if (mine.hung !== undefined) {
    await partitions.inTurn(mine, () => partitions.of(mine));
    return;
  }
  if ((claim.emittedBefore ?? 0) > (offset ?? 0)) return;
  if (!(await hasRead(eventLog, mine, offset))) return;
  await partitions.inTurn(mine, async () => {
    if (partitions.at(mine) !== mine || mine.offset !== offset || mine.isIdle) return;
    await closeOpen(mine, watching);
  });
}

async function closeOpen(mine: HeldPartition, watching: Watching): Promise<void> {
  const { clock, partitions, idleAfterMs } = watching;
  const limit = closedUntil(mine, clock.now(), idleAfterMs);
  const { topic, partition, task } = mine;
  const offset = mine.offset ?? (await partitions.firstOffset({ topic, partition }));
  const plan = await partitions.plan(mine, (_, signal) =>
    task.planIdle(limit, { offset, now: clock.now(), signal }),
  );
  if (plan.emits.length + plan.stateChanges.length > 0) {
    await partitions.commit(mine, plan, offset);
  } else plan.keep();
  // What reaches past the limit is closed later.
  mine.isIdle = task.size === 0 || limit > task.watermark;
}

/**
 * Silence moves event time as fast as the clock from where it was, and not past the present: a pause in the middle of events of the past, as an
 * import makes it, does not close what their time has not come to.
 */
function closedUntil(
  { activeAt, reachedAt }: HeldPartition,
  now: number,
  idleAfterMs: number,
): number {
  const silentMs = now - activeAt;
  return Math.min(now - idleAfterMs, reachedAt + Math.max(0, silentMs - idleAfterMs));
}

/** Whether windows or joins of the leg, or of a leg after it, wait for time to go on. */
function needsTime({ nodes }: Leg): boolean {
  return nodes.some(({ kind }) => kind === "window" || kind === "join" || kind === "through");
}
