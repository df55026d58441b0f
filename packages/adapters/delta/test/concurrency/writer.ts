/* One writer process: appends, deletes, merges and optimises without end, telling what it begins and what is done. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDeltaTable } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { isEcapError, type ObjectStore } from "@ecap/sdk";
import { testBucket } from "../../../s3/test/test-bucket.ts";
import { batchRows, type Place, sharedBatch } from "./batches.ts";

const [place, writer] = process.argv.slice(2).map((text): unknown => JSON.parse(text));
const objects = storeOf(place as Place);
const engine = duckdbFileEngine({ objects, threads: 1 });
const table = openDeltaTable({ objects, engine, name: "t", checkpointInterval: 5 });
const on = "target.batch = source.batch AND target.i = source.i";

const tell = (stage: "begin" | "done", operation: string, batch: string) =>
  process.stdout.write(`${stage} ${operation} ${batch}\n`);

/** Begins anew after every conflict, as its message asks for. */
async function repeat(operation: string, batch: string, step: () => Promise<unknown>) {
  tell("begin", operation, batch);
  for (;;) {
    try {
      await step();
      tell("done", operation, batch);
      return;
    } catch (error) {
      if (!isEcapError(error, "ECAP_TABLE_CONFLICT")) throw error;
      process.stdout.write(`conflict ${String(error.received)} ${batch}\n`);
    }
  }
}

for (let k = 0; ; k++) {
  const own = (n: number) => `${String(writer)}-${n}`;
  await repeat("append", own(k), () => table.append(batchRows(own(k))));
  await repeat("count", sharedBatch, () =>
    table.merge({
      rows: batchRows(sharedBatch),
      on,
      whenMatched: [{ update: { n: "target.n + 1" } }],
      whenNotMatched: [{ insert: "all" }],
    }),
  );
  if (k >= 2) {
    await repeat("count", own(k - 1), () =>
      table.update({ set: { n: "n + 1" }, where: `batch = '${own(k - 1)}'` }),
    );
    await repeat("delete", own(k - 2), () => table.delete({ where: `batch = '${own(k - 2)}'` }));
  }
  if (k % 3 === 2) await repeat("optimize", "all", () => table.optimize());
}

function storeOf(where: Place): ObjectStore {
  if ("dir" in where) return fsObjectStore(where);
  const cacheDir = mkdtempSync(join(tmpdir(), "ecap-writer-cache-"));
  return s3ObjectStore(testBucket({ ...where, cacheDir, cacheBytes: 1 << 30 }));
}
