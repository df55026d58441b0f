import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { NewLogRecord } from "@ecap/sdk";
import { lmdbStore } from "../src/index.ts";

/**
 * Durable appends of 100 records of 300 B over 8 partitions, 20 calls at a time; then reading them, and contributions to 5 windows.
 * `share of the JS thread` is the event loop's busy time over the wall-clock time.
 */
const batches = Number(process.env["ECAP_BENCH_BATCHES"] ?? 10_000);
const dir = mkdtempSync(join(process.env["ECAP_BENCH_DIR"] ?? tmpdir(), "ecap-bench-"));
const { eventLog, stateStore, close } = lmdbStore({ dir });
await eventLog.createTopic("events", { partitions: 8 });

const received = Buffer.alloc(100 * 300, "x");
const headers = { tenant: "acme", source: "bench" };
const batch: NewLogRecord[] = Array.from({ length: 100 }, (_, i) => ({
  key: `customer-${i * 7919}`,
  value: received.subarray(i * 300, (i + 1) * 300),
  headers,
  timestamp: 1_700_000_000_000 + i,
}));

async function rate(name: string, count: number, run: () => Promise<void>): Promise<void> {
  const busy = performance.eventLoopUtilization();
  const start = performance.now();
  await run();
  const ms = performance.now() - start;
  const { active } = performance.eventLoopUtilization(busy);
  const perSecond = Math.round(count / (ms / 1000)).toLocaleString("en");
  process.stdout.write(
    `${name.padEnd(12)} ${perSecond.padStart(12)} /s   ${((active / ms) * 100).toFixed(0)} % of the JS thread, ${((active * 1000) / count).toFixed(2)} µs each\n`,
  );
}

await rate("append", batches * 100, async () => {
  let left = batches;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await eventLog.append("events", batch);
    }
  };
  await Promise.all(Array.from({ length: 20 }, caller));
});

await rate("read", batches * 100, async () => {
  for (const { partition, next } of await eventLog.offsets("events")) {
    for (let from = 0; from < next; ) {
      const records = await eventLog.read("events", partition, from, { maxRecords: 1_000 });
      from = (records.at(-1)?.offset ?? next) + 1;
    }
  }
});

const minute = 60_000;
const windows = (["count", "sum", "count", "sum", "distinct"] as const).map((aggregate, i) => ({
  name: `w${i}`,
  windowMs: [10 * minute, 60 * minute, 1_440 * minute][i % 3] ?? minute,
  bucketMs: [minute, 5 * minute, 60 * minute][i % 3] ?? minute,
  aggregate,
}));
const latencies: number[] = [];
const contributions = 200_000;
await rate("contribute", contributions, async () => {
  for (let i = 0; i < contributions; i += 1) {
    const before = performance.now();
    await stateStore.contribute({
      key: `fraud/acme/card/${i % 5_000}`,
      id: `e${i}`,
      at: Date.now(),
      windows,
      values: [1, 10, 1, 10, `m${i % 50}`],
    });
    latencies.push(performance.now() - before);
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
});
const sorted = latencies.toSorted((a, b) => a - b);
const at = (share: number): string =>
  `${((sorted[Math.floor(sorted.length * share)] ?? 0) * 1000).toFixed(1)} µs`;
process.stdout.write(`contribute   p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}\n`);
await close();
rmSync(dir, { recursive: true, force: true });
