import { setTimeout as sleep } from "node:timers/promises";
import { type KafkaEventLog, kafkaEventLog } from "@ecap/adapter-kafka";
import { encodeEvent } from "@ecap/sdk";
import { uniqueName } from "@ecap/sdk/testing";
import { type Feeder, startFeeder } from "./feeder.ts";
import { closingRecord, customers, type Shop, segmentOf, shopRecord, visitRecord } from "./shop.ts";
import { sourcePartitions, topics, visitPartitions } from "./topologies.ts";
import { judge, type Verdict } from "./verdict.ts";
import { startWorker, type Worker } from "./worker.ts";

export interface FaultRunOptions {
  /** ECAP_TEST_… variables of the services. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workers?: number;
  /** Default 300. 0: the feeder stays silent, and nobody waits for work to begin. */
  readonly perSecond?: number;
  readonly shop?: Omit<Shop, "from" | "everyMs">;
  /** Of the `process` step, a batch. */
  readonly slowMs?: number;
}

/** Topologies at work in processes of their own, and a feeder that goes on all the while. */
export interface FaultRun {
  readonly shop: Shop;
  readonly eventLog: KafkaEventLog;
  readonly feeder: Feeder;
  /** Of visits, which come in bursts. */
  readonly visits: Feeder;
  readonly workers: Worker[];
  /** Starts another and puts it in its place, or beside the others. */
  start(place?: number, options?: Pick<FaultRunOptions, "slowMs">): Worker;
  /** Records that the `counts` topology has taken, going by offsets. */
  counted(): number;
  /** Offsets that workers say, or said before they went, by partition: the furthest. */
  progress(): ReadonlyMap<string, number>;
  /** Resolves how long it takes from now until one partition, and until every one, has gone on. */
  recovery(withinMs?: number): Promise<Recovery>;
  peakRssBytes(): number;
  /** Stops the feeder, closes every window, waits for the results and judges them. */
  finish(options?: { readonly withinMs?: number }): Promise<Verdict>;
  close(): Promise<void>;
}

export interface Recovery {
  readonly firstMs: number;
  readonly allMs: number;
}

export const sessionTimeoutMs = 2_000;
const pollMs = 20;
/** Of the legs that read the events themselves. */
const sourceLegs = ["windows", "sessions", "counts"];
const visitsPerSecond = 100;
const bursts = { onMs: 1_500, offMs: 2_500 };

export async function faultRun(options: FaultRunOptions): Promise<FaultRun> {
  const { perSecond = 300, slowMs = 0 } = options;
  const name = uniqueName("fault");
  const brokers = options.env["ECAP_TEST_KAFKA_BROKERS"] ?? "";
  const topicPrefix = `${name}.`;
  const eventLog = kafkaEventLog({ brokers: brokers.split(","), topicPrefix });
  for (const [topic, partitions] of Object.entries(topics)) {
    await eventLog.createTopic(topic, { partitions });
  }
  await eventLog.append("customers", customers.map(customerRecord));
  const shop: Shop = { ...options.shop, from: Date.now() + 4_000, everyMs: 1_000 / perSecond };
  const env = {
    ECAP_KAFKA_BROKERS: brokers,
    ECAP_KAFKA_TOPIC_PREFIX: topicPrefix,
    ECAP_KAFKA_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
    ECAP_REDIS_URL: options.env["ECAP_TEST_REDIS_URL"] ?? "",
    ECAP_REDIS_KEY_PREFIX: `${name}/`,
  };
  const all: Worker[] = [];
  const workers: Worker[] = [];

  function start(
    place = workers.length,
    own: Pick<FaultRunOptions, "slowMs"> = { slowMs },
  ): Worker {
    const worker = startWorker(`worker-${all.length + 1}`, {
      ...env,
      ECAP_FAULT_SLOW_MS: String(own.slowMs ?? 0),
    });
    all.push(worker);
    workers[place] = worker;
    return worker;
  }

  /** Also what workers said that are gone since. */
  const furthest = new Map<string, number>();
  function progress(): ReadonlyMap<string, number> {
    for (const worker of all) {
      for (const [place, offset] of Object.entries(worker.beat()?.offsets ?? {})) {
        furthest.set(place, Math.max(offset, furthest.get(place) ?? 0));
      }
    }
    return new Map(furthest);
  }

  async function untilWorkOn(isMeant: (place: string) => boolean, wanted: number): Promise<void> {
    const until = performance.now() + 90_000;
    for (;;) {
      const places = [...progress().keys()];
      if (places.filter(isMeant).length >= wanted) return;
      if (performance.now() > until) {
        const told = all.map((worker) => worker.complaints() + (worker.beat()?.lastFailure ?? ""));
        throw new Error(`not every partition is worked on: ${places.join(" ")} ${told.join("\n")}`);
      }
      await sleep(pollMs);
    }
  }

  for (let i = 0; i < (options.workers ?? 2); i += 1) start();
  // The rows of the table are there before the first event is enriched.
  await untilWorkOn((place) => place.startsWith("table.segments/"), 2);
  const feeder = startFeeder({
    eventLog,
    topic: "orders",
    record: (number) => shopRecord(shop, number),
    perSecond,
  });
  const visits = startFeeder({
    eventLog,
    topic: "visits",
    record: visitRecord,
    perSecond: perSecond === 0 ? 0 : visitsPerSecond,
    bursts,
  });
  if (perSecond > 0) await untilWorkOn(isSource, sourceLegs.length * sourcePartitions);

  async function stopFeeding(): Promise<void> {
    await Promise.all([feeder.stop(), visits.stop()]);
  }

  return {
    shop,
    eventLog,
    feeder,
    visits,
    workers,
    start,
    counted: () =>
      [...progress()]
        .filter(([place]) => place.startsWith("counts/"))
        .reduce((sum, [, offset]) => sum + offset, 0),
    progress,
    async recovery(withinMs = 120_000) {
      const before = progress();
      const begun = performance.now();
      let firstMs: number | undefined;
      for (;;) {
        const now = progress();
        const waiting = [...before].filter(
          ([place, offset]) => isSource(place) && (now.get(place) ?? 0) <= offset,
        );
        const passedMs = performance.now() - begun;
        const moved = [...now].some(([place, offset]) => offset > (before.get(place) ?? 0));
        if (moved) firstMs ??= passedMs;
        if (firstMs !== undefined && waiting.length === 0) return { firstMs, allMs: passedMs };
        if (passedMs > withinMs) {
          const told = workers.map((worker) => JSON.stringify(worker.beat() ?? worker.name));
          throw new Error(`${waiting.join(" ")} did not go on: ${told.join("\n")}`);
        }
        await sleep(pollMs);
      }
    },
    peakRssBytes: () => Math.max(...all.map((worker) => worker.peakRssBytes())),
    async finish({ withinMs = 180_000 } = {}) {
      await stopFeeding();
      const last = Array.from({ length: sourcePartitions }, (_, i) => closingRecord(i));
      await eventLog.append("orders", last);
      await eventLog.append("visits", last.slice(0, visitPartitions));
      return judge({ eventLog, feeder, visits, withinMs });
    },
    async close() {
      await stopFeeding();
      for (const worker of all) worker.signal("SIGCONT");
      await Promise.all(all.map((worker) => worker.end("SIGKILL")));
      await eventLog.close();
    },
  };
}

function isSource(place: string): boolean {
  return sourceLegs.some((leg) => place.startsWith(`${leg}/orders/`));
}

function customerRecord(customerId: string) {
  return encodeEvent({
    id: `customer-${customerId}`,
    type: "customer.updated",
    source: "shop",
    tenant: "acme",
    time: 0,
    receivedAt: 0,
    actor: { customerId },
    context: {},
    data: { segment: segmentOf(customerId) },
  });
}
