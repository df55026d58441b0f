export * from "./duckdb-query-engine.ts";
