import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import {
  type RedisStateStore,
  type RedisStateStoreOptions,
  redisStateStore,
} from "../src/index.ts";

export const skipReason = "needs Redis: npm run services -- up redis redis-cluster";

export const redisUrl = variable("ECAP_TEST_REDIS_URL");
export const clusterNodes = variable("ECAP_TEST_REDIS_CLUSTER")?.split(",");

/** A service that is not there is skipped, except in CI, where it must be. */
function variable(name: string): string | undefined {
  const value = process.env[name];
  if (value === undefined && process.env["CI"] === "true") throw new Error(`${name} is not set`);
  return value;
}

export interface TestStores {
  /** A store whose keys no other store has, or none but those of the same `keyPrefix`. */
  open(options?: Partial<RedisStateStoreOptions>): RedisStateStore & { readonly keyPrefix: string };
  /** Closes all stores and removes their keys, for others scan the same server. */
  close(): Promise<void>;
}

export function testStores(where: Partial<RedisStateStoreOptions> = { url: redisUrl }): TestStores {
  const opened: Array<ReturnType<TestStores["open"]>> = [];
  return {
    open(options = {}) {
      const keyPrefix = `ecap-test/${randomUUID()}/`;
      const all = { ...where, keyPrefix, ...options };
      const store = Object.assign(redisStateStore(all), { keyPrefix: all.keyPrefix ?? "" });
      opened.push(store);
      return store;
    },
    async close() {
      for (const store of opened) {
        if (store.client.status === "ready") {
          for (const node of nodesOf(store.client)) await removeKeys(node, store.keyPrefix);
        }
        await store.close();
      }
    },
  };
}

export function nodesOf(client: RedisStateStore["client"]): readonly Redis[] {
  return "nodes" in client ? client.nodes("master") : [client];
}

async function removeKeys(node: Redis, prefix: string): Promise<void> {
  let cursor = "0";
  do {
    const [next, names] = await node.scan(cursor, "MATCH", `${prefix}*`, "COUNT", 1_000);
    cursor = next;
    await Promise.all(names.map((name) => node.unlink(name)));
  } while (cursor !== "0");
}
