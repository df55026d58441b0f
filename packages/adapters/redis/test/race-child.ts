import type { RedisStateStoreOptions } from "../src/index.ts";
import { redisStateStore } from "../src/index.ts";
import { race } from "./race.ts";

/** Races with the test that started it; prints what it won. */
const [options = "{}", name = ""] = process.argv.slice(2);
const store = redisStateStore(JSON.parse(options) as RedisStateStoreOptions);
process.stdout.write(JSON.stringify(await race(store, name)));
await store.close();
