import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { entities, type Raced, race, rounds } from "./race.ts";
import { clusterNodes, redisUrl, skipReason, testStores } from "./servers.ts";

const child = fileURLToPath(new URL("race-child.ts", import.meta.url));
const servers = [
  ["one server", redisUrl === undefined ? undefined : { url: redisUrl }],
  ["a cluster", clusterNodes === undefined ? undefined : { nodes: clusterNodes }],
] as const;

for (const [name, where] of servers) {
  describe.skipIf(where === undefined)(`processes that race on ${name} (${skipReason})`, () => {
    it("count each id once, and write groups one after the other", async () => {
      const stores = testStores(where);
      const store = stores.open();
      const { keyPrefix } = store;
      const options = JSON.stringify({ ...where, keyPrefix });
      const elsewhere = ["second", "third"].map(async (who) => {
        const { stdout } = await promisify(execFile)(process.execPath, [
          "--import",
          "tsx",
          "--conditions=@ecap/source",
          child,
          options,
          who,
        ]);
        return JSON.parse(stdout) as Raced;
      });
      // Two clients here as well.
      const other = stores.open({ keyPrefix });
      const all = await Promise.all([race(store, "first"), race(other, "other"), ...elsewhere]);
      await stores.close();
      for (let entity = 0; entity < entities; entity += 1) {
        const counts = all.flatMap((each) => each.counts[entity] ?? []);
        // Each count from 1 on was told to exactly one of them.
        expect(counts.toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: rounds }, (_, i) => i + 1),
        );
      }
      const written = all.flatMap((each) => each.written).toSorted((a, b) => a - b);
      expect(written).toEqual(Array.from({ length: written.length }, (_, i) => i + 1));
      expect(written.length).toBeGreaterThanOrEqual(rounds);
    });
  });
}
