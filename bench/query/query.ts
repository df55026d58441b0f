import { cpus } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { deltaTableStore } from "@ecap/adapter-delta";
import { type DuckdbQueryEngine, duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { bi } from "@ecap/plugin-bi";
import { customer } from "@ecap/plugin-customer";
import { createPlatform, type Platform, type Query, type QueryEngine } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { memory } from "@ecap/sdk/memory";
import { inTemporaryDir, memoryMb } from "../processes.ts";
import type { Report } from "../report.ts";
import { bareDuckdb } from "./bare-duckdb.ts";
import { orderLines, refundLines } from "./order-lines.ts";
import { type Question, questions } from "./questions.ts";

/** Fewer by ECAP_BENCH_LINES, to see that it works. */
const lines = Number(process.env["ECAP_BENCH_LINES"] ?? 10_000_000);
const linesAtOnce = 250_000;
const rounds = 3;
const threads = cpus().length;

/**
 * Twenty questions of dashboards over a lake of a year's order lines, and every statement they come to once more by DuckDB as it comes, over the same Parquet
 * files on as many threads. The questions themselves are timed from the plugin's service, with what the log holds read along.
 */
export async function query(): Promise<Report> {
  return inTemporaryDir(async (dir) => {
    const objects = fsObjectStore({ dir: join(dir, "lake") });
    const tableStore = deltaTableStore({ objects });
    const engine = duckdbQueryEngine({ tables: tableStore, objects, threads });
    const recorder = recording(engine);
    const platform = await createPlatform({
      adapters: [memory(), { tableStore, objectStore: objects, queryEngine: recorder.engine }],
      plugins: [commerce(), bi(), customer()],
    });
    try {
      await platform.start(["sinks"]);
      for (let from = 0; from < lines; from += linesAtOnce) {
        const rows = orderLines({ from, count: Math.min(linesAtOnce, lines - from), total: lines });
        await tableStore.append("order_lines", rows);
        await tableStore.append("refund_lines", refundLines(rows));
      }
      const names = ["order_lines", "refund_lines", "adjustments"];
      const snapshots = await Promise.all(names.map((name) => tableStore.snapshot(name)));
      const bare = await bareDuckdb(snapshots, objects, threads);
      const asked = await recorder.of(platform);
      const report = await measure({ platform, engine, bare, asked });
      bare.close();
      return report;
    } finally {
      await platform.stop();
      await engine.close();
      await tableStore.close();
    }
  });
}

interface Parts {
  readonly platform: Platform;
  readonly engine: DuckdbQueryEngine;
  readonly bare: Awaited<ReturnType<typeof bareDuckdb>>;
  /** The statements the questions come to. */
  readonly asked: readonly Query[];
}

async function measure({ platform, engine, bare, asked }: Parts): Promise<Report> {
  const ours: number[] = [];
  const peer: number[] = [];
  const slowest: number[] = [];
  const blocked: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await total(asked, (each) => secondsOf(() => engine.query(each))));
    peer.push(await total(asked, (each) => bare.run(each)));
    const answers = await askAll(platform);
    slowest.push(Math.max(...answers.map(({ seconds }) => seconds)));
    blocked.push(Math.max(...answers.map(({ blockedMs }) => blockedMs)));
    if (round === 0) process.stderr.write(answers.map(lineOf).join(""));
  }
  const about = `${questions.length} questions of dashboards, ${asked.length} statements, over ${lines.toLocaleString("en")} order lines, ${rounds} rounds; peer: bare DuckDB over the same Parquet files`;
  return {
    name: "query",
    about,
    figures: [
      { measure: "all statements", unit: "s", better: "lower", ours, peer, target: { ratio: 1.2 } },
      {
        measure: "slowest question",
        unit: "s",
        better: "lower",
        ours: slowest,
        target: { value: 1 },
      },
      {
        measure: "event loop blocked at most",
        unit: "ms",
        better: "lower",
        ours: blocked,
        target: { value: 20 },
      },
    ],
    memory: { process: memoryMb(process.pid) },
  };
}

interface Answer {
  readonly question: Question;
  readonly seconds: number;
  /** The longest that the event loop was kept from others. */
  readonly blockedMs: number;
}

async function askAll(platform: Platform): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const question of questions) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const seconds = await secondsOf(() => question.ask(platform));
    delay.disable();
    answers.push({ question, seconds, blockedMs: delay.max / 1e6 });
  }
  return answers;
}

function lineOf({ question, seconds, blockedMs }: Answer): string {
  return `${seconds.toFixed(3).padStart(8)} s ${blockedMs.toFixed(0).padStart(5)} ms blocked  ${question.name}\n`;
}

async function total(
  asked: readonly Query[],
  run: (query: Query) => Promise<number>,
): Promise<number> {
  let seconds = 0;
  for (const each of asked) seconds += await run(each);
  return seconds;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

/** An engine that keeps what it is asked. */
function recording(engine: QueryEngine) {
  const asked: Query[] = [];
  return {
    engine: {
      dialect: engine.dialect,
      query(each: Query) {
        asked.push(each);
        return engine.query(each);
      },
    } satisfies QueryEngine,
    /** The statements that the questions come to. */
    async of(platform: Platform): Promise<readonly Query[]> {
      asked.length = 0;
      for (const question of questions) await question.ask(platform);
      return [...asked];
    },
  };
}
