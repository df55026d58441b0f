export * from "./delta-table-reader.ts";
export * from "./delta-table-store.ts";
