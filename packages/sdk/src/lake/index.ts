export * from "./bronze-table.ts";
export * from "./fresh-query-engine.ts";
export * from "./fresh-reads.ts";
export { utcDate } from "./lake-rows.ts";
export * from "./lake-sink.ts";
export * from "./lake-table.ts";
export { defaultTailLimits, type TailLimits } from "./topic-tail.ts";
export { turns } from "./turns.ts";
