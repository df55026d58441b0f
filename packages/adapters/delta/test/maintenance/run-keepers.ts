import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import type { ObjectStore } from "@ecap/sdk";
import { expect } from "vitest";
import { bundledScript } from "../bundled-script.ts";
import type { Place } from "../concurrency/batches.ts";
import { days, schema } from "./lake-days.ts";

const script = bundledScript(new URL("./keeper.ts", import.meta.url));

interface Keeper {
  readonly run: ChildProcess;
  /** Whether it has done something. */
  isAtWork: boolean;
}

export interface Kept {
  /** Versions that were read meanwhile. */
  readonly reads: number;
  readonly batches: number;
  /** Steps of the keepers that were done, by name. */
  readonly steps: Readonly<Record<string, number>>;
}

/**
 * Lets one process append to a table while two keep it, and kills them at any moment. Every version that is read meanwhile must hold each batch whole, and
 * once; in the end every acknowledged one is there.
 */
export async function runKeepers(options: {
  readonly place: Place;
  readonly objects: ObjectStore;
  readonly kills: number;
  readonly betweenKillsMs: number;
}): Promise<Kept> {
  const { place, objects, kills, betweenKillsMs } = options;
  const path = await script;
  const engine = duckdbFileEngine({ objects, threads: 1 });
  const tables = deltaTableStore({ objects });
  await tables.ensure("t", schema);
  const done = new Set<number>();
  const steps: Record<string, number> = {};
  const failures: string[] = [];
  let reads = 0;

  const start = (role: string, first: number): Keeper => {
    const given = [place, role, first].map((each) => JSON.stringify(each));
    const run = spawn(process.execPath, ["--no-warnings", path, ...given], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const keeper: Keeper = { run, isAtWork: false };
    let rest = "";
    run.stdout.on("data", (chunk: Buffer) => {
      keeper.isAtWork = true;
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [what = "", on = ""] = line.split(" ");
        if (what === "done") done.add(Number(on));
        else steps[`${on} ${what}`] = (steps[`${on} ${what}`] ?? 0) + 1;
      }
    });
    run.stderr.on("data", (chunk: Buffer) => failures.push(chunk.toString()));
    return keeper;
  };

  const check = async (): Promise<ReadonlySet<number>> => {
    const acknowledged = [...done];
    const { files, schema: known } = await tables.snapshot("t");
    const input = {
      name: "t",
      columns: known.columns,
      partitionBy: known.partitionBy ?? [],
      files,
    };
    const sql = `SELECT batch, count(*) AS rows, count(DISTINCT date) AS days FROM t GROUP BY batch`;
    const batches = await engine.query(sql, [input]);
    for (const batch of batches)
      expect(batch).toMatchObject({ rows: days.length, days: days.length });
    reads += 1;
    const found = new Set(batches.map(({ batch }) => Number(batch)));
    expect(acknowledged.filter((batch) => !found.has(batch))).toEqual([]);
    return found;
  };

  const roles = ["appender", "keeper", "keeper"] as const;
  const running = roles.map((role, i) => start(role, i * 1_000_000));
  for (let kill = 0; kill < kills; kill++) {
    while (!running.every(({ isAtWork }) => isAtWork)) await check();
    const until = Date.now() + betweenKillsMs * (0.5 + Math.random());
    for (; Date.now() < until; await setTimeout(20)) await check();
    const victim = kill % roles.length;
    await end(running[victim]);
    running[victim] = start(roles[victim] ?? "keeper", (kill + 3) * 1_000_000);
  }
  await Promise.all(running.map(end));
  const batches = await check();
  expect(failures.join("")).toBe("");
  await tables.close();
  await engine.close();
  return { reads, batches: batches.size, steps };
}

async function end(keeper: Keeper | undefined): Promise<void> {
  const run = keeper?.run;
  if (!run || run.exitCode !== null || run.signalCode !== null) return;
  const closed = new Promise((resolve) => run.on("close", resolve));
  run.kill("SIGKILL");
  await closed;
}
