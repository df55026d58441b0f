import { kafkaEventLog } from "@ecap/adapter-kafka";
import { redisStateStore } from "@ecap/adapter-redis";
import { systemClock } from "@ecap/sdk";
import { outboxCommitter, type RunningTopology, runTopology } from "@ecap/sdk/streams";
import { decode, faultTopologies } from "./topologies.ts";

/** One worker of a deployment: the topologies of the fault suite on Kafka and Redis. Says how it is ten times a second, until SIGTERM. */
export interface Beat {
  /** `leg/topic/partition` and the offset its state includes everything before. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly rssBytes: number;
  /** Batches that failed so far. */
  readonly failures: number;
  readonly lastFailure?: string;
}

const { env } = process;
const everyMs = 100;
const stopped = new Promise((resolve) => {
  process.once("SIGTERM", resolve);
});
const eventLog = kafkaEventLog({
  brokers: (env["ECAP_KAFKA_BROKERS"] ?? "").split(","),
  topicPrefix: env["ECAP_KAFKA_TOPIC_PREFIX"] ?? "",
  sessionTimeoutMs: Number(env["ECAP_KAFKA_SESSION_TIMEOUT_MS"]),
  heartbeatIntervalMs: Number(env["ECAP_KAFKA_SESSION_TIMEOUT_MS"]) / 5,
  rebalanceTimeoutMs: 10_000,
});
const stateStore = redisStateStore({
  url: env["ECAP_REDIS_URL"],
  keyPrefix: env["ECAP_REDIS_KEY_PREFIX"],
});
const committer = outboxCommitter({ eventLog, stateStore });
const running: RunningTopology[] = [];
let failures = 0;
let lastFailure: string | undefined;

function beat(): void {
  const offsets: Record<string, number> = {};
  for (const { leg, topic, partition, offset } of running.flatMap((each) => each.status())) {
    if (offset !== undefined) offsets[`${leg}/${topic}/${partition}`] = offset;
  }
  const rssBytes = process.memoryUsage.rss();
  const said: Beat = { offsets, rssBytes, failures, ...(lastFailure && { lastFailure }) };
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

const beating = setInterval(beat, everyMs);
for (const topology of faultTopologies({ slowMs: Number(env["ECAP_FAULT_SLOW_MS"] ?? 0) })) {
  running.push(
    await runTopology({
      topology,
      eventLog,
      stateStore,
      committer,
      clock: systemClock,
      decode,
      maxRecords: 200,
      backoffMs: 20,
      onError({ topology: name, error }) {
        failures += 1;
        lastFailure = `${name}: ${String(error)}`;
      },
    }),
  );
}
await stopped;
clearInterval(beating);
await Promise.all(running.map((each) => each.close()));
await eventLog.close();
await stateStore.close();
