import { type ManualClock, manualClock } from "@ecap/sdk/memory";
import { type StateStoreSubject, stateStoreContract } from "@ecap/sdk/testing";
import { describe, it } from "vitest";
import { type RedisStateStoreOptions, redisStateStore } from "../src/index.ts";
import { clusterNodes, redisUrl, skipReason } from "./servers.ts";

const servers = [
  ["one server", redisUrl === undefined ? undefined : { url: redisUrl }],
  ["a cluster", clusterNodes === undefined ? undefined : { nodes: clusterNodes }],
] as const;

for (const [name, where] of servers) {
  if (where === undefined) describe.skip(`StateStore: ${name} (${skipReason})`, () => it("runs"));
  else stateStoreContract(name, async () => open(where, manualClock(1)));
}

async function open(where: RedisStateStoreOptions, clock: ManualClock): Promise<StateStoreSubject> {
  const stateStore = redisStateStore({ ...where, keyPrefix: "ecap-test/contract/", clock });
  return {
    stateStore,
    clock,
    reopen: async () => {
      await stateStore.close();
      return open(where, clock);
    },
    close: () => stateStore.close(),
  };
}
