import { randomUUID } from "node:crypto";
import { type ManualClock, manualClock } from "@ecap/sdk/memory";
import { type StateStoreSubject, stateStoreContract } from "@ecap/sdk/testing";
import { it } from "vitest";
import type { RedisStateStoreOptions } from "../src/index.ts";
import { clusterNodes, redisUrl, skipReason, testStores } from "./servers.ts";

const servers = [
  ["one server", redisUrl === undefined ? undefined : { url: redisUrl }],
  ["a cluster", clusterNodes === undefined ? undefined : { nodes: clusterNodes }],
] as const;

for (const [name, where] of servers) {
  if (where === undefined) it.skip(`StateStore: ${name} (${skipReason})`);
  else stateStoreContract(name, async () => open(where, manualClock(1)));
}

async function open(
  where: RedisStateStoreOptions,
  clock: ManualClock,
  keyPrefix = `ecap-test/${randomUUID()}/`,
): Promise<StateStoreSubject> {
  const stores = testStores({ ...where, keyPrefix, clock });
  const stateStore = stores.open({ keyPrefix });
  return {
    stateStore,
    clock,
    reopen: async () => {
      await stateStore.close();
      return open(where, clock, keyPrefix);
    },
    close: () => stores.close(),
  };
}
