export * from "./feature.ts";
export * from "./feature-proof.ts";
export * from "./feature-registry.ts";
export * from "./feature-set.ts";
export * from "./replay.ts";
