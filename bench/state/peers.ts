import { Redis } from "ioredis";
import { entitiesOfDecision, keysOf, windowsOfDecision } from "./decision-windows.ts";

const fields = windowsOfDecision / entitiesOfDecision.length;

/** One script that increments as many hash fields as a decision has windows, and returns them. */
export function bareRedis(url: string): {
  readonly decide: (number: number) => Promise<void>;
  close(): void;
} {
  const redis = new Redis(url, { keyPrefix: "peer/", enableAutoPipelining: true });
  redis.defineCommand("incrementAll", {
    numberOfKeys: entitiesOfDecision.length,
    lua: `
local all = {}
for _, key in ipairs(KEYS) do
  for field = 1, ${fields} do all[#all + 1] = redis.call('HINCRBY', key, field, 1) end
end
return all`,
  });
  const increment = Reflect.get(redis, "incrementAll") as (
    this: Redis,
    keys: readonly string[],
  ) => Promise<unknown>;
  return {
    decide: async (number) => void (await increment.call(redis, keysOf(number))),
    close: () => redis.disconnect(),
  };
}

/** Counters in a Map: what no store can be faster than. */
export function bareMap(): (number: number) => Promise<void> {
  const counters = new Map<string, number>();
  return async (number) => {
    for (const key of keysOf(number)) {
      for (let field = 0; field < fields; field += 1) {
        const name = `${key}/${field}`;
        counters.set(name, (counters.get(name) ?? 0) + 1);
      }
    }
  };
}
