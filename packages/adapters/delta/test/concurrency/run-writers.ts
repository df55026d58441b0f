import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { openDeltaTable } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import type { ObjectStore } from "@ecap/sdk";
import { expect } from "vitest";
import { bundledScript } from "../bundled-script.ts";
import { batchSize, type Place, schema, sharedBatch } from "./batches.ts";

const script = bundledScript(new URL("./writer.ts", import.meta.url));

export interface RunOptions {
  readonly place: Place;
  /** The same place, for the one who checks. */
  readonly objects: ObjectStore;
  readonly writers: number;
  /** Processes killed and replaced by others. */
  readonly kills: number;
  readonly betweenKillsMs: number;
}

interface Writer {
  readonly run: ChildProcess;
  /** Whether it began an operation. */
  isWriting: boolean;
}

/** How often an operation on a batch was begun, and was done for sure. */
interface Told {
  begun: number;
  done: number;
}

/** Lets processes write one table while some are killed, and checks every version that readers see on the way and at the end. */
export async function runWriters(
  options: RunOptions,
): Promise<{ readonly conflicts: number; readonly merges: number }> {
  const { place, objects, writers, kills, betweenKillsMs } = options;
  const path = await script;
  const engine = duckdbFileEngine({ objects, threads: 1 });
  const table = openDeltaTable({ objects, engine, name: "t" });
  await table.create(schema);
  const told = new Map<string, Told>();
  const failures: string[] = [];
  let conflicts = 0;
  let started = 0;

  const note = (line: string) => {
    const [stage, operation, batch] = line.split(" ");
    if (stage === "conflict") conflicts += 1;
    if (stage !== "begin" && stage !== "done") return;
    const key = `${operation} ${batch}`;
    const counts = told.get(key) ?? { begun: 0, done: 0 };
    told.set(key, counts);
    if (stage === "begin") counts.begun += 1;
    else counts.done += 1;
  };
  const start = (): Writer => {
    const writer = `w${started++}`;
    const given = [JSON.stringify(place), JSON.stringify(writer)];
    const run = spawn(process.execPath, ["--no-warnings", path, ...given], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const writing: Writer = { run, isWriting: false };
    let output = "";
    run.stdout.on("data", (chunk: Buffer) => {
      writing.isWriting = true;
      const lines = (output + chunk.toString()).split("\n");
      output = lines.pop() ?? "";
      for (const line of lines) note(line);
    });
    run.stderr.on("data", (chunk: Buffer) => failures.push(chunk.toString()));
    return writing;
  };

  const check = async (): Promise<ReadonlyMap<string, number>> => {
    const { files, schema: known } = await table.snapshot();
    const input = {
      name: "t",
      columns: known.columns,
      partitionBy: known.partitionBy ?? [],
      files,
    };
    const sql = `SELECT batch, count(*) AS size, count(DISTINCT i) AS rows, min(n) AS low, max(n) AS high FROM t GROUP BY batch`;
    const batches = await engine.query(sql, [input]);
    for (const batch of batches) {
      expect(batch).toMatchObject({ size: batchSize, rows: batchSize, low: batch["high"] });
    }
    return new Map(batches.map(({ batch, high }) => [String(batch), Number(high)]));
  };

  const running = Array.from({ length: writers }, start);
  for (let kill = 0; kill < kills; kill++) {
    while (!running.every(({ isWriting }) => isWriting)) await setTimeout(50);
    const until = Date.now() + betweenKillsMs * (0.5 + Math.random());
    for (; Date.now() < until; await setTimeout(50)) await check();
    const victim = Math.floor(Math.random() * writers);
    await end(running[victim]);
    if (kill + 1 < kills) running[victim] = start();
  }
  await Promise.all(running.map(end));

  const counts = await check();
  const of = (operation: string, batch: string) =>
    told.get(`${operation} ${batch}`) ?? { begun: 0, done: 0 };
  for (const [key, appended] of told) {
    const [operation, batch = ""] = key.split(" ");
    if (operation !== "append") continue;
    const deleted = of("delete", batch);
    if (deleted.done > 0) expect(counts.has(batch), `${batch} was deleted`).toBe(false);
    else if (appended.done > 0 && deleted.begun === 0) {
      expect(counts.has(batch), `${batch} was appended`).toBe(true);
    }
  }
  for (const [batch, count] of counts) {
    const counted = of("count", batch);
    // The first merge inserts the shared batch with 0 instead of counting.
    const first = batch === sharedBatch ? 1 : 0;
    expect(count, batch).toBeGreaterThanOrEqual(counted.done - first);
    expect(count, batch).toBeLessThanOrEqual(counted.begun - first);
  }
  expect(failures.join("")).toBe("");
  await table.close();
  await engine.close();
  return { conflicts, merges: of("count", sharedBatch).done };
}

async function end(writer: Writer | undefined): Promise<void> {
  const run = writer?.run;
  if (!run || run.exitCode !== null || run.signalCode !== null) return;
  const closed = new Promise((resolve) => run.on("close", resolve));
  run.kill("SIGKILL");
  await closed;
}
