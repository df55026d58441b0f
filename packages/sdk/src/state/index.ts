export * from "./follow.ts";
export * from "./json-value.ts";
