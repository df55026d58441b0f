export * from "./lake-table.ts";
