/* Appends the rows of another table's versions, as Arrow, to a new table, timing the appends alone. */
import { deltaTableStore, openDeltaTable } from "@ecap/adapter-delta";
import { duckdbFileEngine, duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { type RecordBatch, RecordBatchReader } from "apache-arrow";
import { orderLinesSchema } from "../delta-data/order-lines.ts";
import { tell } from "../delta-data/sides.ts";

const [source = "", dir = "", ...sizes] = process.argv.slice(2);
const [total = 0, appends = 1] = sizes.map(Number);
const lake = fsObjectStore({ dir: source, exactNames: true });
const tables = deltaTableStore({ objects: lake });
const queries = duckdbQueryEngine({ tables, objects: lake });
const objects = fsObjectStore({ dir, exactNames: true });
const engine = duckdbFileEngine({ objects });
const table = openDeltaTable({ objects, engine, name: "order_lines" });
await table.create(orderLinesSchema);
const count = Math.ceil(total / appends);
let seconds = 0;
for (let from = 0; from < total; from += count) {
  const batches = await batchesOf(from);
  const begun = performance.now();
  await table.append(given(batches));
  seconds += (performance.now() - begun) / 1000;
}
await table.close();
await engine.close();
await queries.close();
await tables.close();
tell(seconds);

async function batchesOf(from: number): Promise<readonly RecordBatch[]> {
  const sql = `SELECT * FROM order_lines WHERE "offset" >= ${from} AND "offset" < ${from + count}`;
  const read = { sql, tenant: "acme", tables: { order_lines: {} }, maxRows: count };
  const stream = await queries.stream(read);
  const batches: RecordBatch[] = [];
  for await (const batch of await RecordBatchReader.from(stream.arrow())) batches.push(batch);
  return batches;
}

async function* given(batches: readonly RecordBatch[]): AsyncGenerator<RecordBatch> {
  yield* batches;
}
