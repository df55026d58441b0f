import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { orderLines, orderLinesSchema } from "./order-lines.ts";

/** Rows a second of one large append over many partitions, durable on disk; the peer is serialising the same rows as JSON lines. */
async function main(): Promise<void> {
  const rows = orderLines(500_000, 300);
  const dir = await mkdtemp(join(tmpdir(), "ecap-append-"));
  const store = deltaTableStore({ objects: fsObjectStore({ dir }) });
  await store.ensure("order_lines", orderLinesSchema);
  for (let round = 0; round < 3; round++) {
    const json = timed(() => rows.map((row) => JSON.stringify(row)).join("\n").length);
    const started = performance.now();
    await store.append("order_lines", rows);
    const append = (performance.now() - started) / 1000;
    const rate = (seconds: number) => `${Math.round(rows.length / seconds / 1000)}k rows/s`;
    console.log(
      `append ${rate(append)}, JSON lines ${rate(json)}, ratio ${(json / append).toFixed(2)}`,
    );
  }
  await store.close();
  await rm(dir, { recursive: true });
}

function timed(step: () => unknown): number {
  const started = performance.now();
  step();
  return (performance.now() - started) / 1000;
}

await main();
