export * from "./ensemble/ensemble.ts";
export * from "./ensemble/fit-ensemble.ts";
export * from "./model-contract.ts";
export * from "./scorer.ts";
