export * from "./json-value.ts";
