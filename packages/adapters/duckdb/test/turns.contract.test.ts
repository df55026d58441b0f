import { performance } from "node:perf_hooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LakeFixture, lakeFixture } from "./lake-fixture.ts";

let lake: LakeFixture;
beforeAll(async () => {
  lake = await lakeFixture();
});
afterAll(() => lake.close());

const wide = `SELECT ${Array.from({ length: 300 }, (_, i) => `'value ' || (x + ${i}) AS c${i}`).join(", ")} FROM range(4096) t(x)`;

/** The longest that the event loop was kept from others, as a share of the work's whole time. */
async function longestShare(work: () => Promise<unknown>): Promise<number> {
  let [longest, last, isOver] = [0, performance.now(), false];
  const beat = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(beat);
  };
  setImmediate(beat);
  const begun = performance.now();
  await work();
  isOver = true;
  return longest / (performance.now() - begun);
}

it("a large result is made in small steps, whichever way it is read", async () => {
  const query = { sql: wide, tenant: "acme", tables: {}, maxRows: 100_000 };
  // The first run also compiles.
  await lake.engine.query(query);
  for (const work of [
    () => lake.engine.query(query),
    async () => drain((await lake.engine.stream(query)).rows()),
    async () => drain((await lake.engine.stream(query)).arrow()),
  ]) {
    expect(await longestShare(work)).toBeLessThan(0.2);
  }
});

async function drain(parts: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of parts);
}
