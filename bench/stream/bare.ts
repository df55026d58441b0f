import kafkajs from "kafkajs";
import { topicsOf } from "./job.ts";

/** A bare kafkajs consumer that only parses: `run name brokers`. Says every second how many messages it has parsed. */
const [run = "", name = "", brokers = ""] = process.argv.slice(2);
const kafka = new kafkajs.Kafka({
  brokers: brokers.split(","),
  logLevel: kafkajs.logLevel.NOTHING,
});
const consumer = kafka.consumer({ groupId: name, maxBytesPerPartition: 1 << 20 });
let processed = 0;
await consumer.connect();
await consumer.subscribe({ topic: topicsOf(run).transactions, fromBeginning: true });
process.stdout.write("ready\n");
await consumer.run({
  partitionsConsumedConcurrently: 12,
  eachBatch: async ({ batch }) => {
    for (const { value } of batch.messages) {
      JSON.parse(value?.toString() ?? "{}");
      processed += 1;
    }
  },
});
setInterval(() => {
  process.stdout.write(
    `${JSON.stringify({ at: Date.now(), processed, rssMb: Math.round(process.memoryUsage().rss / 2 ** 20), cpuMs: Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1_000) })}\n`,
  );
}, 1_000);
process.once("SIGTERM", () => process.exit(0));
