export * from "./ecap-error.ts";
export * from "./error-table.ts";
