import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { kafkaEventLog } from "@ecap/adapter-kafka";
import "../../scripts/services/test-env.ts";
import { quantile, type Report } from "../report.ts";
import { topicsOf } from "./job.ts";
import { fill, trickle } from "./load.ts";
import { rateBetween, startWorker, together, type Worker } from "./worker.ts";

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const brokers = process.env["ECAP_TEST_KAFKA_BROKERS"] ?? "";
const redis = process.env["ECAP_TEST_REDIS_URL"] ?? "";
const number = (name: string, standard: number): number => Number(process.env[name] ?? standard);
const cards = number("ECAP_BENCH_CARDS", 1_000_000);
const transactions = number("ECAP_BENCH_EVENTS", 12_000_000);
const warmUpMs = number("ECAP_BENCH_WARM_UP", 60) * 1_000;
const measuredMs = number("ECAP_BENCH_MEASURED", 120) * 1_000;
const perSecond = number("ECAP_BENCH_RATE", 10_000);
const sparkHome = process.env["ECAP_SPARK"] ?? join(homedir(), ".cache/ecap/spark-venv");
const sparkJars = process.env["ECAP_SPARK_JARS"] ?? join(homedir(), ".cache/ecap/spark-jars");

interface Contender {
  readonly name: string;
  readonly sink: string | undefined;
  start(dir: string): Promise<Worker>;
}

interface Measured {
  readonly perSecond: number;
  readonly latencies: readonly number[];
  readonly rssMb: number;
}

/**
 * Transactions from a Kafka topic of 12 partitions → once within ten minutes → country of the card from a table → orders and revenue a
 * minute and country → sink topic. Throughput over a backlog, then latency at a steady rate: from the newest transaction in a result to
 * when a reader of the sink sees it.
 */
export async function stream(): Promise<Report | string> {
  if (brokers === "" || redis === "") return "no services run (npm run services -- up)";
  const wanted = (
    process.env["ECAP_BENCH_ONLY"] ?? "lmdb;redis;redis, two workers;bare;spark"
  ).split(";");
  const run = `bench-${Date.now().toString(36)}`;
  process.stderr.write(`filling ${transactions} transactions of ${cards} cards\n`);
  await fill(run, { brokers: brokers.split(","), cards, transactions });
  const results = new Map<string, Measured>();
  for (const contender of await contenders(run)) {
    if (!wanted.includes(contender.name)) continue;
    process.stderr.write(`${contender.name}\n`);
    results.set(contender.name, await measure(contender, run));
    process.stderr.write(
      `${contender.name}: ${Math.round(results.get(contender.name)?.perSecond ?? 0)} events/s\n`,
    );
  }
  return report(results);
}

async function contenders(run: string): Promise<readonly Contender[]> {
  const ours = (state: string): Contender => ({
    name: state,
    sink: `${run}-sink`,
    start: async (dir) =>
      startWorker(process.execPath, [
        "--import",
        tsx,
        file("ours.ts"),
        run,
        `${run}-${state}`,
        state,
        dir,
        brokers,
        redis,
      ]),
  });
  const jars = (await readdir(sparkJars).catch(() => [] as string[])).map((jar) =>
    join(sparkJars, jar),
  );
  return [
    ours("lmdb"),
    ours("redis"),
    {
      name: "redis, two workers",
      sink: `${run}-sink`,
      async start(dir) {
        // One after the other, so that the second finds the topics made and the partitions are dealt.
        const name = `${run}-redis-two`;
        const args = ["--import", tsx, file("ours.ts"), run, name, "redis", dir, brokers, redis];
        const first = startWorker(process.execPath, args);
        await first.ready;
        return together(first, startWorker(process.execPath, args));
      },
    },
    {
      name: "bare",
      sink: undefined,
      start: async () =>
        startWorker(process.execPath, [
          "--import",
          tsx,
          file("bare.ts"),
          run,
          `${run}-bare`,
          brokers,
        ]),
    },
    {
      name: "spark",
      sink: `${run}-spark-sink`,
      async start(dir) {
        const log = kafkaEventLog({ brokers: brokers.split(",") });
        await log.createTopic(`${run}-spark-sink`, { partitions: 1 });
        await log.close();
        const args = [
          file("spark/job.py"),
          run,
          brokers,
          dir,
          String(cards),
          jars.join(","),
          process.env["ECAP_SPARK_OFFSETS"] ?? "1000000",
        ];
        return startWorker(join(sparkHome, "bin/python"), args, {
          PYSPARK_PYTHON: join(sparkHome, "bin/python"),
        });
      },
    },
  ];
}

async function measure(contender: Contender, run: string): Promise<Measured> {
  const dir = await mkdtemp(join(tmpdir(), "ecap-bench-stream-"));
  const worker = await contender.start(dir);
  try {
    await worker.ready;
    const begun = Date.now();
    const until = begun + warmUpMs + measuredMs;
    while (Date.now() < until && (worker.samples.at(-1)?.processed ?? 0) < transactions)
      await sleep(500);
    const rate = rateBetween(worker.samples, begun + warmUpMs, until, transactions);
    // Also what the latency of those before was measured with: it would stand before what this one's is.
    const waiting = contender.sink === undefined ? 0 : await recordsOf(topicsOf(run).transactions);
    while ((worker.samples.at(-1)?.processed ?? 0) < waiting) await sleep(500);
    const latencies = contender.sink === undefined ? [] : await latency(contender.sink, run);
    const rssMb = Math.max(...worker.samples.map((sample) => sample.rssMb ?? 0));
    return { perSecond: rate, latencies, rssMb };
  } finally {
    await worker.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function recordsOf(topic: string): Promise<number> {
  const log = kafkaEventLog({ brokers: brokers.split(",") });
  const partitions = await log.offsets(topic);
  await log.close();
  return partitions.reduce((sum, { next }) => sum + next, 0);
}

async function latency(sink: string, run: string): Promise<readonly number[]> {
  const log = kafkaEventLog({ brokers: brokers.split(",") });
  const feeding = new AbortController();
  const fed = trickle(run, {
    brokers: brokers.split(","),
    cards,
    perSecond,
    signal: feeding.signal,
  });
  const begun = Date.now();
  const seconds = Math.min(60, measuredMs / 2_000);
  const latencies: number[] = [];
  let from = (await log.offsets(sink))[0]?.next ?? 0;
  while (Date.now() < begun + seconds * 1_000) {
    const records = await log.read(sink, 0, from, { waitMs: 100, maxRecords: 10_000 });
    const now = Date.now();
    for (const { offset, value } of records) {
      from = offset + 1;
      const result = JSON.parse(new TextDecoder().decode(value));
      const newest = Number(result.data?.newest ?? result.newest);
      // The first third is warm-up at this rate.
      if (newest > begun && now > begun + (seconds * 1_000) / 3) latencies.push(now - newest);
    }
  }
  feeding.abort();
  await fed;
  await log.close();
  return latencies;
}

function report(results: ReadonlyMap<string, Measured>): Report {
  const spark = results.get("spark");
  const bare = results.get("bare");
  const states = [
    ["lmdb", 0.5],
    ["redis", 0.3],
  ] as const;
  const figures = states.flatMap(([state, ofBare]) => {
    const ours = results.get(state);
    if (ours === undefined) return [];
    const p99 = [quantile(ours.latencies, 0.99)];
    return [
      {
        measure: `state in ${state}, against Spark`,
        unit: "events/s",
        better: "higher" as const,
        ours: [ours.perSecond],
        ...(spark && { peer: [spark.perSecond], target: { ratio: 2 } }),
      },
      {
        measure: `state in ${state}, against a bare consumer`,
        unit: "events/s",
        better: "higher" as const,
        ours: [ours.perSecond],
        ...(bare && { peer: [bare.perSecond], target: { ratio: ofBare } }),
      },
      {
        measure: `state in ${state}, p99 latency at ${perSecond}/s, against Spark`,
        unit: "ms",
        better: "lower" as const,
        ours: p99,
        ...(spark && { peer: [quantile(spark.latencies, 0.99)], target: { ratio: 0.1 } }),
      },
    ];
  });
  const memory = Object.fromEntries([...results].map(([name, { rssMb }]) => [name, rssMb]));
  const about = `${transactions} transactions of ${cards} cards, ${warmUpMs / 1_000} s warm-up, ${measuredMs / 1_000} s measured; peers: Spark Structured Streaming local[2], and kafkajs that only parses`;
  return { name: "stream", about, figures, memory };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
