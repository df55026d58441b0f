import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnServices, ownServices } from "../../../../scripts/services/control.ts";
import { clusterNodes, skipReason, type TestStores, testStores } from "./servers.ts";

const windows = [{ name: "n", windowMs: 3_600_000, bucketMs: 60_000, aggregate: "count" as const }];
const entities = Array.from({ length: 30 }, (_, i) => `entity-${i}`);

// The cluster that faults is the test's own; that one runs here says that it can be started.
describe.skipIf(clusterNodes === undefined)(`faults of a cluster (${skipReason})`, () => {
  let services: OwnServices;
  let stores: TestStores;
  beforeAll(async () => {
    services = await ownServices(["redis-cluster"]);
    const nodes = services.env["ECAP_TEST_REDIS_CLUSTER"]?.split(",");
    stores = testStores({ nodes, commandTimeoutMs: 500 });
  });
  afterAll(async () => {
    await stores.close();
    await services.close();
  });

  for (const fault of ["pause", "kill"] as const) {
    it(`a node that is ${fault === "pause" ? "paused" : "killed"} fails its own entities for as long, and nothing is counted twice`, async () => {
      const store = stores.open();
      expect(await contributeToAll(store, "e0")).toEqual(new Map());
      await services.control[fault]("redis-cluster-2");
      const heal = sleep(1_500).then(() =>
        fault === "pause"
          ? services.control.resume("redis-cluster-2")
          : services.control.restart("redis-cluster-2"),
      );
      const failed = await contributeToAll(store, "e1");
      await heal;
      expect(failed.size).toBeGreaterThan(0);
      expect(failed.size).toBeLessThan(entities.length);
      expect((await contributeToAll(store, "e2")).size).toBeLessThan(entities.length);
      for (const key of entities) {
        const again = { key, id: "e3", at: Date.now(), windows, values: [1] };
        expect((await store.contribute(again)).before).toEqual([3]);
      }
    });
  }
});

/** Contributes to all entities until each took it; resolves how many calls failed on the way, by entity. */
async function contributeToAll(
  store: ReturnType<TestStores["open"]>,
  id: string,
): Promise<Map<string, number>> {
  const failed = new Map<string, number>();
  await Promise.all(
    entities.map(async (key) => {
      for (;;) {
        try {
          await store.contribute({ key, id, at: Date.now(), windows, values: [1] });
          return;
        } catch (error) {
          expect(error).toMatchObject({ code: "ECAP_SERVICE_UNREACHABLE", retryable: true });
          failed.set(key, (failed.get(key) ?? 0) + 1);
          await sleep(50);
        }
      }
    }),
  );
  return failed;
}
