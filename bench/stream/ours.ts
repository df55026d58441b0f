import { kafkaEventLog } from "@ecap/adapter-kafka";
import { lmdbStore } from "@ecap/adapter-lmdb";
import { redisStateStore } from "@ecap/adapter-redis";
import { type EventLog, type StateStore, systemClock } from "@ecap/sdk";
import { outboxCommitter, runTopology } from "@ecap/sdk/streams";
import { cardsJob, decode, revenueJob, topicsOf } from "./job.ts";

/** One worker, until it is told to end by SIGTERM: `run name state dir brokers redis`. Says every second how many events its state includes. */
const [run = "", name = "", state = "", dir = "", brokers = "", redis = ""] = process.argv.slice(2);
const topics = topicsOf(run);
const eventLog = kafkaEventLog({ brokers: brokers.split(",") });
const stateStore: StateStore =
  state === "redis"
    ? redisStateStore({ url: redis, keyPrefix: `${name}/` })
    : lmdbStore({ dir }).stateStore;
const committer = outboxCommitter({ eventLog, stateStore });
const common = { eventLog, stateStore, committer, clock: systemClock, decode };

await eventLog.createTopic(topics.sink, { partitions: 1 });
const cards = await runTopology({
  ...common,
  topology: cardsJob(`${name}-cards`, topics),
  maxRecords: 5_000,
});
await cards.drain();
await cards.close();
process.stdout.write("ready\n");

const running = await runTopology({
  ...common,
  topology: revenueJob(name, topics),
  maxRecords: Number(process.env["ECAP_BENCH_BATCH"] ?? 5_000),
});
const timer = setInterval(() => {
  const processed = running.status().reduce((sum, { offset }) => sum + (offset ?? 0), 0);
  process.stdout.write(
    `${JSON.stringify({ at: Date.now(), processed, rssMb: Math.round(process.memoryUsage().rss / 2 ** 20), cpuMs: Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1_000) })}\n`,
  );
}, 1_000);
async function end(): Promise<void> {
  clearInterval(timer);
  await running.close();
  await (eventLog as EventLog & { close(): Promise<void> }).close();
  process.exit(0);
}
process.once("SIGTERM", () => void end());
