/* Appends order lines to a new table, timing the appends alone. */
import { openDeltaTable } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { orderLines, orderLinesSchema } from "../delta-data/order-lines.ts";
import { tell } from "../delta-data/sides.ts";

const [dir = "", ...sizes] = process.argv.slice(2);
const [total = 0, appends = 1] = sizes.map(Number);
const objects = fsObjectStore({ dir: `${dir}/order_lines`, exactNames: true });
const table = openDeltaTable({ objects, name: "order_lines" });
await table.create(orderLinesSchema);
const count = Math.ceil(total / appends);
let seconds = 0;
for (let from = 0; from < total; from += count) {
  const rows = orderLines({ from, count: Math.min(count, total - from), total });
  const begun = performance.now();
  await table.append(rows);
  seconds += (performance.now() - begun) / 1000;
}
await table.close();
tell(seconds);
