import { lmdbStore } from "@ecap/adapter-lmdb";
import { type EventEnvelope, type NewLogRecord, systemClock } from "@ecap/sdk";
import { count, runTopology, sum, topology } from "@ecap/sdk/streams";
import { inTemporaryDir } from "../processes.ts";

const partitions = 4;
const perBatch = 5_000;

/**
 * Events a second through one LMDB: read from its log, deduplicated, counted in windows by key, results appended, all of a batch in one
 * transaction with the offset. An event is made from its number, so that reading JSON, which costs the same whatever stores it, is left out.
 */
export async function processor(events: number, keys = 10_000): Promise<number> {
  return inTemporaryDir(async (dir) => {
    const store = lmdbStore({ dir });
    const { eventLog } = store;
    await eventLog.createTopic("in", { partitions });
    await eventLog.createTopic("out", { partitions: 1 });
    for (let from = 0; from < events; from += perBatch) {
      const length = Math.min(perBatch, events - from);
      await eventLog.append(
        "in",
        Array.from({ length }, (_, i) => recordOf(from + i, keys)),
      );
    }
    const job = topology("processor")
      .from({ topics: ["in"], idleAfterMs: Infinity })
      .dedupe({ withinMs: 600_000 })
      .keyBy(({ subject }) => subject)
      .tumblingWindow({
        sizeMs: 60_000,
        aggregate: { events: count, total: sum(({ data }) => data["amount"] as number) },
      })
      .to({ topic: "out" });
    const begun = performance.now();
    const running = await runTopology({
      topology: job,
      ...store,
      clock: systemClock,
      maxRecords: perBatch,
      decode: ({ timestamp }) => eventOf(timestamp, keys),
    });
    await running.drain();
    const took = performance.now() - begun;
    await running.close();
    await store.close();
    return events / (took / 1_000);
  });
}

function recordOf(i: number, keys: number): NewLogRecord {
  return { key: keyOf(i, keys), value: value300, headers, timestamp: i };
}

/** Spread over all keys, the same for the record and its event. */
function keyOf(i: number, keys: number): string {
  return `k${(Math.imul(i, 2654435761) >>> 0) % keys}`;
}

const value300 = new Uint8Array(300).fill(120);
const headers = { tenant: "acme" };

const nothing = {};

function eventOf(i: number, keys: number): EventEnvelope {
  const time = 1_800_000_000_000 + Math.floor(i / 5);
  return {
    id: `event-${i}-018f6b5e-7d3c`,
    type: "order.completed",
    source: "bench",
    tenant: "acme",
    subject: keyOf(i, keys),
    time,
    receivedAt: time,
    actor: nothing,
    context: nothing,
    data: { amount: i % 100 },
  };
}
