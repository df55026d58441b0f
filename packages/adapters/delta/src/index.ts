export * from "./delta-table-store.ts";
