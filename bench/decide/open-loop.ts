import { setImmediate } from "node:timers/promises";

export interface OpenLoopOptions {
  readonly perSecond: number;
  readonly seconds: number;
  readonly work: () => Promise<unknown>;
}

/** Starts work at a steady rate whether or not what was started has ended. Resolves the milliseconds from when each was due until it ended. */
export async function openLoop({ perSecond, seconds, work }: OpenLoopOptions): Promise<number[]> {
  const total = perSecond * seconds;
  const latencies: number[] = [];
  const underWay: Array<Promise<void>> = [];
  const begun = performance.now();
  for (let started = 0; started < total; ) {
    const due = begun + (started * 1000) / perSecond;
    if (performance.now() < due) {
      await setImmediate();
      continue;
    }
    started += 1;
    underWay.push(
      work().then(() => {
        latencies.push(performance.now() - due);
      }),
    );
  }
  await Promise.all(underWay);
  return latencies;
}
