import { kafkaEventLog } from "@ecap/adapter-kafka";
import { createPlatform, type NewLogRecord } from "@ecap/sdk";
import { clientDialects, createCollector } from "@ecap/sdk/collector";
import { commerce } from "@ecap/sdk/commerce";
import { memory } from "@ecap/sdk/memory";
import kafkajs from "kafkajs";
import "../../scripts/services/test-env.ts";
import { createBatches } from "../ingest/batches.ts";
import { memoryMb } from "../processes.ts";
import { quantile, type Report } from "../report.ts";

const brokers = (process.env["ECAP_TEST_KAFKA_BROKERS"] ?? "").split(",").filter(Boolean);
const rounds = Number(process.env["ECAP_BENCH_ROUNDS"] ?? 5);
const partitions = 8;
const perCall = 500;
const calls = 400;
const atOnce = 5;
const perBody = 100;
const bodies = 1_500;

const headers = { tenant: "acme", source: "web", dialect: "segment", receivedat: "1700000000000" };
const value = Buffer.alloc(300, "x");

/** Appending, taking events in at the door, consuming, and one exactly-once transaction, each against kafkajs alone on the same broker in the same run. */
export async function kafka(): Promise<Report | string> {
  if (brokers.length === 0) return "no Kafka runs (npm run services -- up kafka)";
  const prefix = `bench-${Date.now().toString(36)}.`;
  const log = kafkaEventLog({ brokers, topicPrefix: prefix });
  const bare = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
  const taken = {
    append: [],
    produce: [],
    collect: [],
    produceSmall: [],
    consume: [],
    bareConsume: [],
  } as Record<string, number[]>;
  const take = (name: string, measured: number): void => void taken[name]?.push(measured);
  const door = await openDoor(log);
  const producer = bare.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let round = 0; round <= rounds; round += 1) {
    const [own, peer] = [`own-${round}`, `peer-${round}`];
    for (const topic of [own, peer]) await log.createTopic(topic, { partitions });
    const records = recordsOf(perCall);
    const messages = messagesOf(perCall);
    const append = await rate(calls * perCall, calls, () => log.append(own, records));
    const produce = await rate(calls * perCall, calls, () =>
      producer.send({ topic: prefix + peer, acks: -1, messages }),
    );
    const collect = await rate(bodies * perBody, bodies, () => door.next());
    const few = messagesOf(perBody);
    const produceSmall = await rate(bodies * perBody, bodies, () =>
      producer.send({ topic: prefix + peer, acks: -1, messages: few }),
    );
    const consume = await ownConsume(log, own);
    const bareConsume = await consumeBare(bare, prefix + own);
    // The first round warms up.
    if (round === 0) continue;
    for (const [name, measured] of Object.entries({
      append,
      produce,
      collect,
      produceSmall,
      consume,
      bareConsume,
    }))
      take(name, measured);
  }
  const transactions = await transactionTimes(log);
  await producer.disconnect();
  await door.close();
  await log.close();
  const figure = (measure: string, ours: string, peer: string, ratio?: number) => ({
    measure,
    unit: "events/s",
    better: "higher" as const,
    ours: taken[ours] ?? [],
    peer: taken[peer] ?? [],
    ...(ratio !== undefined && { target: { ratio } }),
  });
  return {
    name: "kafka",
    about: `300-byte records over ${partitions} partitions, acks of all replicas, ${atOnce} calls at a time, ${rounds} rounds; peer: kafkajs alone`,
    figures: [
      figure(`append, ${perCall} a call`, "append", "produce"),
      figure(`the door over Kafka, ${perBody} a body`, "collect", "produceSmall", 0.6),
      figure("consume", "consume", "bareConsume"),
      {
        measure: "transaction of 100 records, p50",
        unit: "ms",
        better: "lower",
        ours: [quantile(transactions, 0.5)],
      },
      {
        measure: "transaction of 100 records, p95",
        unit: "ms",
        better: "lower",
        ours: [quantile(transactions, 0.95)],
      },
    ],
    memory: { process: memoryMb(process.pid) },
  };
}

/** Bodies through the collector: keys, schemas, deduplication, dead letters, durable append, receipts. */
async function openDoor(eventLog: ReturnType<typeof kafkaEventLog>) {
  const platform = await createPlatform({
    adapters: [memory(), { eventLog }],
    plugins: [commerce()],
    dialects: clientDialects,
  });
  const collector = await createCollector(platform);
  const batches = createBatches(perBody);
  return {
    next: () =>
      collector.collect({
        bytes: batches.next(),
        tenant: "acme",
        source: "bench",
        dialect: "ecap",
      }),
    close: () => collector.close(),
  };
}

async function rate(count: number, times: number, work: () => Promise<unknown>): Promise<number> {
  let left = times;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: atOnce }, caller));
  return count / ((performance.now() - begun) / 1_000);
}

function recordsOf(count: number): readonly NewLogRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `customer-${i * 7919}`,
    value,
    headers,
    timestamp: 1_700_000_000_000 + i,
  }));
}

function messagesOf(count: number) {
  return recordsOf(count).map(({ key, timestamp }) => ({
    key: key ?? null,
    value,
    headers,
    timestamp: String(timestamp),
  }));
}

async function ownConsume(log: ReturnType<typeof kafkaEventLog>, topic: string): Promise<number> {
  const counted = counter();
  const consumer = await log.consume({
    group: `own-${topic}`,
    topics: [topic],
    onBatch: async ({ records }) => counted.add(records.length),
  });
  const measured = await counted.rate;
  await consumer.close();
  return measured;
}

async function consumeBare(bare: kafkajs.Kafka, topic: string): Promise<number> {
  const consumer = bare.consumer({ groupId: `bare-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const counted = counter();
  await consumer.run({
    partitionsConsumedConcurrently: partitions,
    eachBatch: async ({ batch }) => counted.add(batch.messages.length),
  });
  const measured = await counted.rate;
  await consumer.disconnect();
  return measured;
}

/** From the first batch on, so that joining the group is not counted. */
function counter() {
  const total = calls * perCall;
  let begun = 0;
  let seen = 0;
  let finish: ((measured: number) => void) | undefined;
  const result = new Promise<number>((resolve) => {
    finish = resolve;
  });
  return {
    rate: result,
    add(count: number): void {
      if (seen === 0) begun = performance.now();
      seen += count;
      if (seen >= total) finish?.(total / ((performance.now() - begun) / 1_000));
    },
  };
}

async function transactionTimes(log: ReturnType<typeof kafkaEventLog>): Promise<number[]> {
  await log.createTopic("output", { partitions });
  const place = { group: "bench", topic: "own-0", partition: 0 };
  const owner = await log.takeOver(place);
  const emits = recordsOf(100).map((record) => ({ topic: "output", record }));
  const times: number[] = [];
  for (let i = 0; i < 200; i += 1) {
    const begun = performance.now();
    await owner.deliver({ mark: { offset: i + 1, step: 0 }, emits });
    times.push(performance.now() - begun);
  }
  return times;
}
