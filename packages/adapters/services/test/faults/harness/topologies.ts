import { createRecordDecoder, createSchemaRegistry, type EventEnvelope } from "@ecap/sdk";
import { count, sumMoney, type Topology, topology } from "@ecap/sdk/streams";
import { segmentOf } from "./shop.ts";

export const sourcePartitions = 4;
export const visitPartitions = 2;
/** Topics the topologies read and write, and their partitions. */
export const topics: Readonly<Record<string, number>> = {
  customers: 1,
  orders: sourcePartitions,
  windows: 2,
  "windows-late": 1,
  sessions: 2,
  "sessions-late": 1,
  visits: visitPartitions,
  live: 2,
  "live-late": 1,
  counted: sourcePartitions,
};

export const windowMs = 5_000;
export const latenessMs = 2_000;
export const sessionGapMs = 400;
export const liveWindowMs = 1_000;
const idleAfterMs = 1_000;
const hour = 3_600_000;

export const decode = createRecordDecoder(createSchemaRegistry());

const amount = (event: EventEnvelope): string => String(event.data["amount"]);
const customerOf = (event: EventEnvelope): string | undefined => event.actor.customerId;
const aggregate = { events: count, total: sumMoney(amount) };

/** Rows that the other topologies are enriched from. */
const table = topology("customers")
  .from({ topics: ["customers"], idleAfterMs: Infinity })
  .keyBy(customerOf)
  .toTable({ table: "segments", partitions: 2, value: (event) => event.data["segment"] });

/** Only events move time here, so what a window holds follows from the log alone. */
const windows = topology("windows")
  .from({ topics: ["orders"], idleAfterMs: Infinity })
  .dedupe({ withinMs: 1_000 * hour })
  .map((event) => {
    if (event.data["poison"] === "map") throw new Error("a step cannot take it");
    return event;
  })
  .enrich<string>({
    table: "segments",
    key: customerOf,
    merge: (event, segment = "none") => ({ ...event, data: { ...event.data, segment } }),
  })
  .keyBy((event) => String(event.data["segment"]))
  .rekey({ partitions: 3 })
  .tumblingWindow({
    sizeMs: windowMs,
    allowedLatenessMs: latenessMs,
    lateTopic: "windows-late",
    aggregate,
  })
  .to({ topic: "windows" });

const sessions = topology("sessions")
  .from({ topics: ["orders"], idleAfterMs: Infinity })
  .dedupe({ withinMs: 1_000 * hour })
  .keyBy(customerOf)
  .rekey({ partitions: 3 })
  .sessionWindow({
    gapMs: sessionGapMs,
    allowedLatenessMs: latenessMs,
    lateTopic: "sessions-late",
    aggregate,
  })
  .to({ topic: "sessions" });

/** Visits come with silences in between, in which time closes windows; so what was held up comes late. Each is in one window or in the late topic. */
const live = topology("live")
  .from({ topics: ["visits"], idleAfterMs })
  .dedupe({ withinMs: 1_000 * hour })
  .keyBy((event) => segmentOf(customerOf(event) ?? ""))
  .rekey({ partitions: 2 })
  .tumblingWindow({ sizeMs: liveWindowMs, lateTopic: "live-late", aggregate })
  .to({ topic: "live" });

/** Numbers the events of each partition as they come: a loss or a repeat shows in the numbers. */
function counts(slowMs: number): Topology {
  return topology("counts")
    .from({ topics: ["orders"] })
    .process(async (events, context) => {
      if (events.some((event) => event.data["poison"] === "process")) {
        throw new Error("the process step cannot take it");
      }
      const [stored] = await context.get(["n"]);
      let n = stored === undefined ? 0 : Number(new TextDecoder().decode(stored));
      if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
      for (const { id, time } of events) {
        n += 1;
        const value = new TextEncoder().encode(JSON.stringify([n, id]));
        context.emit("counted", { partition: context.partition, value, timestamp: time });
      }
      context.set("n", new TextEncoder().encode(String(n)));
    });
}

/** `slowMs`: how long the `process` step takes over a batch. */
export function faultTopologies({ slowMs = 0 } = {}): readonly Topology[] {
  return [table, windows, sessions, live, counts(slowMs)];
}
