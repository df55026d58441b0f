export { type LmdbStore, type LmdbStoreOptions, lmdbStore } from "./lmdb-store.ts";
