export * from "./model-contract.ts";
export * from "./scorer.ts";
