import type { Row } from "@ecap/sdk";
import { orderLines } from "../delta-data/order-lines.ts";

const atOnce = 50_000;

/** The rows to merge, a part at a time: every twentieth of the table's with another quantity, and as many past its last. */
export async function* mergeRows(lines: number, merged: number): AsyncGenerator<readonly Row[]> {
  const known = merged / 2;
  const step = Math.floor(lines / known);
  for (let from = 0; from < known; from += atOnce) {
    yield Array.from({ length: Math.min(atOnce, known - from) }, (_, i) => ({
      ...orderLines({ from: (from + i) * step, count: 1, total: lines })[0],
      quantity: 99,
    }));
  }
  for (let from = 0; from < merged - known; from += atOnce) {
    const count = Math.min(atOnce, merged - known - from);
    yield orderLines({ from: lines + from, count, total: lines });
  }
}
