import { existsSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { inTemporaryDir, root, runEcap } from "../processes.ts";
import type { Report } from "../report.ts";

const rounds = 3;
const file = join(root, "../shared/data/online_retail/online_retail.csv.gz");
const mapping = join(root, "apps/reference-server/examples/online-retail.yaml");

interface ImportReport {
  readonly lines: { readonly total: number };
  readonly events: { readonly accepted: number };
}

/**
 * `ecap import` of half a million lines into an empty directory, from the start of the process until everything can be queried; against DuckDB, which reads
 * the same file and writes it as Parquet by day, without validating, deduplicating or logging anything.
 */
export async function importFile(): Promise<Report | string> {
  if (!existsSync(file)) return "the Online Retail file is not there";
  const ours: number[] = [];
  const peer: number[] = [];
  const peaks: number[] = [];
  const processor: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await inTemporaryDir(async (dir) => {
      const args = ["--dir", dir, "--json", "import", file, "--mapping", mapping];
      const { stdout, seconds, cpuSeconds, peakMb } = await runEcap(args);
      const { lines, events } = JSON.parse(stdout) as ImportReport;
      if (events.accepted === 0) throw new Error(`nothing was imported: ${stdout}`);
      ours.push(lines.total / seconds);
      peaks.push(peakMb);
      processor.push(cpuSeconds);
      peer.push(lines.total / (await copyByDuckDb(join(dir, "peer"))));
    });
  }
  return {
    name: "import",
    about: `541,909 lines of Online Retail, gzipped CSV to Delta tables, ${rounds} rounds; peer: DuckDB COPY to Parquet by day`,
    figures: [
      {
        measure: "lines",
        unit: "lines/s",
        better: "higher",
        ours,
        peer,
        target: { value: 40_000 },
      },
      { measure: "processor time", unit: "s", better: "lower", ours: processor },
      {
        measure: "peak memory",
        unit: "MB",
        better: "lower",
        ours: peaks,
        target: { value: 1_000 },
      },
    ],
    memory: {},
  };
}

/** Seconds DuckDB takes. */
async function copyByDuckDb(dir: string): Promise<number> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const begun = performance.now();
  await connection.run(
    `copy (select *, cast(InvoiceDate as date) as day from read_csv('${file}', all_varchar = true)) to '${dir}' (format parquet, partition_by (day))`,
  );
  const seconds = (performance.now() - begun) / 1000;
  connection.closeSync();
  instance.closeSync();
  return seconds;
}
