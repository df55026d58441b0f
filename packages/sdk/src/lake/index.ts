export * from "./bronze-table.ts";
export { utcDate } from "./lake-rows.ts";
export * from "./lake-sink.ts";
export * from "./lake-table.ts";
