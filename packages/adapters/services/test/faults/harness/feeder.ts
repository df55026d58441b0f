import { setTimeout as sleep } from "node:timers/promises";
import type { EventLog, NewLogRecord } from "@ecap/sdk";

export interface Place {
  readonly partition: number;
  readonly offset: number;
}

export interface Feeder {
  /** Where the log said the numbered record is, once it acknowledged it. */
  readonly acknowledged: ReadonlyMap<number, Place>;
  /** Numbers whose append failed before it succeeded: the log may hold them more than once. */
  readonly repeated: ReadonlySet<number>;
  /** Appends that failed. */
  failures(): number;
  /** Resolves when what was begun is acknowledged. */
  stop(): Promise<void>;
}

export interface FeederOptions {
  readonly eventLog: EventLog;
  readonly topic: string;
  readonly record: (number: number) => NewLogRecord;
  readonly perSecond: number;
  /** Records of one append at most. Default 200. */
  readonly maxBatch?: number;
  /** Where it feeds for a while and is silent for a while. */
  readonly bursts?: { readonly onMs: number; readonly offMs: number };
}

const turnMs = 20;

/** Appends numbered records at a rate, each until it is acknowledged. What an outage held up is made up for. */
export function startFeeder(options: FeederOptions): Feeder {
  const { eventLog, topic, record, perSecond, maxBatch = 200, bursts } = options;
  const acknowledged = new Map<number, Place>();
  const repeated = new Set<number>();
  const begun = performance.now();
  let next = 0;
  let failures = 0;
  const stopping = new AbortController();

  function activeMs(passedMs: number): number {
    if (bursts === undefined) return passedMs;
    const { onMs, offMs } = bursts;
    const cycles = Math.floor(passedMs / (onMs + offMs));
    return cycles * onMs + Math.min(onMs, passedMs - cycles * (onMs + offMs));
  }

  async function append(numbers: readonly number[]): Promise<void> {
    for (;;) {
      try {
        const places = await eventLog.append(topic, numbers.map(record));
        numbers.forEach((number, i) => {
          const place = places[i];
          if (place !== undefined) acknowledged.set(number, place);
        });
        return;
      } catch {
        failures += 1;
        for (const number of numbers) repeated.add(number);
        await sleep(100);
      }
    }
  }

  async function feed(): Promise<void> {
    while (!stopping.signal.aborted) {
      const due = Math.floor((activeMs(performance.now() - begun) * perSecond) / 1_000);
      const count = Math.min(due - next, maxBatch);
      if (count > 0) {
        const numbers = Array.from({ length: count }, (_, i) => next + i);
        next += count;
        await append(numbers);
      }
      if (due - next < maxBatch) await sleep(turnMs);
    }
  }

  const feeding = feed();
  return {
    acknowledged,
    repeated,
    failures: () => failures,
    async stop() {
      stopping.abort();
      await feeding;
    },
  };
}
