import { performance } from "node:perf_hooks";
import type { LogRecord, NewLogRecord } from "@ecap/sdk";
import kafkajs from "kafkajs";
import { kafkaEventLog } from "../src/index.ts";
import { deferred } from "../test/deferred.ts";

/**
 * Appending and consuming against kafkajs alone, on the broker of ECAP_TEST_KAFKA_BROKERS: 300-byte records with 5 headers over 8
 * partitions, 500 a call and 5 calls at a time, acks of all replicas. Each alternates with its peer, and the middle round counts. Then the
 * cost of one delivery of an outbox of 100 records.
 */
const brokers = (process.env["ECAP_TEST_KAFKA_BROKERS"] ?? "127.0.0.1:19092").split(",");
const calls = Number(process.env["ECAP_BENCH_CALLS"] ?? 400);
const rounds = Number(process.env["ECAP_BENCH_ROUNDS"] ?? 5);
const perCall = 500;
const partitions = 8;
const atOnce = 5;

const topicPrefix = `bench-${Date.now()}.`;
const log = kafkaEventLog({ brokers, topicPrefix });
const bare = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.ERROR });
const value = Buffer.alloc(300, "x");
const headers = {
  tenant: "acme",
  source: "web",
  dialect: "segment",
  receivedat: "1700000000000",
  sentat: "1700000000000",
};
const records: NewLogRecord[] = Array.from({ length: perCall }, (_, i) => ({
  key: `customer-${i * 7919}`,
  value,
  headers,
  timestamp: 1_700_000_000_000 + i,
}));

interface Measure {
  readonly perSecond: number;
  readonly microseconds: number;
}

async function measure(count: number, run: () => Promise<void>): Promise<Measure> {
  const busy = performance.eventLoopUtilization();
  const start = performance.now();
  await run();
  const ms = performance.now() - start;
  const { active } = performance.eventLoopUtilization(busy);
  return { perSecond: count / (ms / 1000), microseconds: (active * 1000) / count };
}

async function sendAll(send: () => Promise<unknown>): Promise<void> {
  let left = calls;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await send();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
}

async function newTopic(name: string): Promise<string> {
  await log.createTopic(name, { partitions });
  return name;
}

async function ownAppend(topic: string): Promise<Measure> {
  return measure(calls * perCall, () => sendAll(() => log.append(topic, records)));
}

async function bareAppend(topic: string): Promise<Measure> {
  const producer = bare.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = records.map((record) => ({
    key: record.key ?? null,
    value: Buffer.from(record.value),
    headers,
    timestamp: String(record.timestamp),
  }));
  const measured = await measure(calls * perCall, () =>
    sendAll(() => producer.send({ topic: `${topicPrefix}${topic}`, acks: -1, messages })),
  );
  await producer.disconnect();
  return measured;
}

async function ownConsume(topic: string): Promise<Measure> {
  let seen = 0;
  const finished = deferred();
  const begun = deferred();
  const count = (batch: readonly LogRecord[]): void => {
    begun.resolve();
    seen += batch.length;
    if (seen >= calls * perCall) finished.resolve();
  };
  const consumer = await log.consume({
    group: `own-${Date.now()}`,
    topics: [topic],
    onBatch: async ({ records: batch }) => count(batch),
  });
  await begun.promise;
  const measured = await measure(calls * perCall, () => finished.promise);
  await consumer.close();
  return measured;
}

async function bareConsume(topic: string): Promise<Measure> {
  const consumer = bare.consumer({ groupId: `bare-${Date.now()}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [`${topicPrefix}${topic}`], fromBeginning: true });
  let seen = 0;
  const finished = deferred();
  const begun = deferred();
  await consumer.run({
    partitionsConsumedConcurrently: partitions,
    eachBatch: async ({ batch }) => {
      begun.resolve();
      seen += batch.messages.length;
      if (seen >= calls * perCall) finished.resolve();
    },
  });
  await begun.promise;
  const measured = await measure(calls * perCall, () => finished.promise);
  await consumer.disconnect();
  return measured;
}

function middle(measures: readonly Measure[]): Measure {
  const sorted = measures.toSorted((a, b) => a.perSecond - b.perSecond);
  return sorted[Math.floor(sorted.length / 2)] as Measure;
}

function say(name: string, own: readonly Measure[], peer: readonly Measure[]): void {
  const [mine, theirs] = [middle(own), middle(peer)];
  const rate = ({ perSecond, microseconds }: Measure): string =>
    `${Math.round(perSecond).toLocaleString("en")} records/s (${microseconds.toFixed(2)} µs of the JS thread each)`;
  process.stdout.write(
    `${name}: ${rate(mine)}; kafkajs ${rate(theirs)}; ratio ${(mine.perSecond / theirs.perSecond).toFixed(2)}\n`,
  );
}

const results = { ownAppend: [], bareAppend: [], ownConsume: [], bareConsume: [] } as Record<
  "ownAppend" | "bareAppend" | "ownConsume" | "bareConsume",
  Measure[]
>;
for (let round = 0; round <= rounds; round += 1) {
  const own = await newTopic(`own-${round}`);
  const peer = await newTopic(`bare-${round}`);
  const appended = [await ownAppend(own), await bareAppend(peer)] as const;
  const consumed = [await ownConsume(own), await bareConsume(own)] as const;
  if (round === 0) continue; // warms up
  results.ownAppend.push(appended[0]);
  results.bareAppend.push(appended[1]);
  results.ownConsume.push(consumed[0]);
  results.bareConsume.push(consumed[1]);
}
say("append", results.ownAppend, results.bareAppend);
say("consume", results.ownConsume, results.bareConsume);

const output = await newTopic("output");
const place = { group: "bench", topic: "own-0", partition: 0 };
await log.takeOver(place);
const times: number[] = [];
for (let i = 0; i < 200; i += 1) {
  const emits = records.slice(0, 100).map((record) => ({ topic: output, record }));
  const start = performance.now();
  await log.deliver({ ...place, nextOffset: i + 1, emits });
  times.push(performance.now() - start);
}
times.sort((a, b) => a - b);
const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
process.stdout.write(
  `transaction of 100 records over ${partitions} partitions: ${at(0.5)} ms, one in twenty ${at(0.95)} ms\n`,
);
await log.close();
process.exit(0);
