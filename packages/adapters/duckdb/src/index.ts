export * from "./duckdb-query-engine.ts";
export * from "./files/duckdb-file-engine.ts";
export * from "./reader/table-problems.ts";
export * from "./reader/table-reader.ts";
