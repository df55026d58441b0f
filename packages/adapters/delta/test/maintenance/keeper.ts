/* One process at a table's side: appends to it, or keeps it (compacts, archives, vacuums, writes checkpoints) without end, telling what is done. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { isEcapError } from "@ecap/sdk";
import { testBucket } from "../../../s3/test/test-bucket.ts";
import type { Place } from "../concurrency/batches.ts";
import { batchRows, days } from "./lake-days.ts";

const [place, role, first] = process.argv.slice(2).map((text): unknown => JSON.parse(text)) as [
  Place,
  "appender" | "keeper",
  number,
];
const cacheDir = mkdtempSync(join(tmpdir(), "ecap-writer-cache-"));
const objects =
  "dir" in place
    ? fsObjectStore(place)
    : s3ObjectStore(testBucket({ ...place, cacheDir, cacheBytes: 1 << 30 }));
const engine = duckdbFileEngine({ objects, threads: 1 });
const tables = deltaTableStore({ objects, engine, checkpointInterval: 5 });
const { maintenance } = tables;
if (!maintenance) throw new Error("the store has no maintenance");

const tell = (what: string, on: number | string) => process.stdout.write(`${what} ${on}\n`);

async function keep(step: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
    tell("kept", step);
  } catch (error) {
    if (!isEcapError(error, "ECAP_TABLE_CONFLICT")) throw error;
    tell("conflict", step);
  }
}

for (let n = first; ; n++) {
  if (role === "appender") {
    await tables.append("t", batchRows(n));
    tell("done", n);
  } else {
    await keep("compact", () => maintenance.compact("t", { minFiles: 3 }));
    const archiveBefore = days[n % days.length] ?? "";
    await keep("retire", () => maintenance.retire("t", { by: "date", archiveBefore, maxBytes: 1 }));
    await keep("vacuum", () => maintenance.vacuum("t"));
    await keep("checkpoint", () => maintenance.checkpoint("t"));
  }
}
