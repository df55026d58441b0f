/* Writes the rows to merge as a table, for the peer. */
import { openDeltaTable } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { orderLinesSchema } from "../delta-data/order-lines.ts";
import { tell } from "../delta-data/sides.ts";
import { mergeRows } from "./merge-rows.ts";

const [dir = "", ...sizes] = process.argv.slice(2);
const [lines = 0, merged = 0] = sizes.map(Number);
const objects = fsObjectStore({ dir, exactNames: true });
const engine = duckdbFileEngine({ objects });
const table = openDeltaTable({ objects, engine, name: "source" });
await table.create({ columns: orderLinesSchema.columns });
const begun = performance.now();
await table.append(mergeRows(lines, merged));
await table.close();
await engine.close();
tell((performance.now() - begun) / 1000);
