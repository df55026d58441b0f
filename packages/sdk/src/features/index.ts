export * from "./feature.ts";
export * from "./feature-set.ts";
