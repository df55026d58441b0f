/* Appends a number of rows as they are made, and prints the peak memory in MB. */
import { openDeltaTable } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { row, schema } from "./rows.ts";

const [dir = "", count = ""] = process.argv.slice(2);
const objects = fsObjectStore({ dir });
const engine = duckdbFileEngine({ objects, threads: 1, memoryLimit: "200MB" });
const table = openDeltaTable({ objects, engine, name: "t" });
await table.create(schema);
await table.append(made(Number(count)));
await table.close();
await engine.close();
process.stdout.write(String(Math.round(process.resourceUsage().maxRSS / 1024)));

async function* made(total: number) {
  const atOnce = 10_000;
  for (let from = 0; from < total; from += atOnce) {
    yield Array.from({ length: atOnce }, (_, i) => {
      const id = from + i;
      return row(id, { word: `a text of row ${id} that is not like any other` });
    });
  }
}
