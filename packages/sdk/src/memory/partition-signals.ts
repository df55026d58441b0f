/** Wakes readers that wait for records of a partition. */
export interface PartitionSignals {
  notify(topic: string, partition: number): void;
  /** Resolves at the next notification of the partition, after `waitMs`, or when the signal aborts. */
  wait(topic: string, partition: number, waitMs: number, signal?: AbortSignal): Promise<void>;
  /** Wakes everyone. */
  close(): void;
}

export function createPartitionSignals(): PartitionSignals {
  const waiting = new Map<string, Set<() => void>>();
  return {
    notify(topic, partition) {
      const sleepers = waiting.get(`${topic}/${partition}`);
      wake(sleepers ?? []);
    },
    wait: (topic, partition, waitMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true || waitMs <= 0) return resolve();
        const name = `${topic}/${partition}`;
        const sleepers = waiting.get(name) ?? new Set();
        waiting.set(name, sleepers);
        const resume = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", resume);
          sleepers.delete(resume);
          if (sleepers.size === 0) waiting.delete(name);
          resolve();
        };
        const timer = setTimeout(resume, waitMs);
        signal?.addEventListener("abort", resume);
        sleepers.add(resume);
      }),
    close() {
      for (const sleepers of waiting.values()) wake(sleepers);
    },
  };
}

function wake(sleepers: Iterable<() => void>): void {
  for (const resume of sleepers) resume();
}
