/* Merges rows into a table as they are made, all of it timed. */
import { openDeltaTable } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { stopwatch } from "../delta-data/sides.ts";
import { mergeRows } from "./merge-rows.ts";

const [dir = "", ...sizes] = process.argv.slice(2);
const [lines = 0, merged = 0] = sizes.map(Number);
const objects = fsObjectStore({ dir, exactNames: true });
const engine = duckdbFileEngine({ objects });
const table = openDeltaTable({ objects, engine, name: "order_lines" });
const watch = stopwatch();
const { metrics } = await watch.time(() =>
  table.merge({
    rows: mergeRows(lines, merged),
    on: "target.event_id = source.event_id",
    whenMatched: [{ update: "all" }],
    whenNotMatched: [{ insert: "all" }],
  }),
);
await table.close();
await engine.close();
if (metrics["numTargetRowsInserted"] !== merged / 2) throw new Error(JSON.stringify(metrics));
watch.tell();
