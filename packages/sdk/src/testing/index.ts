export * from "./committer-contract.ts";
export * from "./event-log-contract.ts";
export * from "./eventually.ts";
export * from "./log-fixtures.ts";
export * from "./object-store-contract.ts";
export * from "./secret-store-contract.ts";
export * from "./state-store-contract.ts";
export * from "./table-store-contract.ts";
