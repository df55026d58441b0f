export * from "./contract.ts";
export { alertRaised, decisionMade } from "./fraud-events.ts";
export { featureNames, velocityFeatures } from "./fraud-features.ts";
export { fraud } from "./plugin.ts";
export { type Rule, rules } from "./rules.ts";
