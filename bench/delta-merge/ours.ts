/* Merges rows into a table as they are made, all of it timed. */
import { openDeltaTable } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { tell } from "../delta-data/sides.ts";
import { mergeRows } from "./merge-rows.ts";

const [dir = "", ...sizes] = process.argv.slice(2);
const [lines = 0, merged = 0] = sizes.map(Number);
const objects = fsObjectStore({ dir, exactNames: true });
const engine = duckdbFileEngine({ objects });
const table = openDeltaTable({ objects, engine, name: "order_lines" });
const begun = performance.now();
const { metrics } = await table.merge({
  rows: mergeRows(lines, merged),
  on: "target.event_id = source.event_id",
  whenMatched: [{ update: "all" }],
  whenNotMatched: [{ insert: "all" }],
});
const seconds = (performance.now() - begun) / 1000;
await table.close();
await engine.close();
if (metrics["numTargetRowsInserted"] !== merged / 2) throw new Error(JSON.stringify(metrics));
tell(seconds);
