export { type RedisStateStoreOptions, redisDefaults } from "./options.ts";
export { type RedisStateStore, redisStateStore } from "./redis-state-store.ts";
