export * from "./contract.ts";
export { alertRaised, decisionMade, declinesCapped } from "./fraud-events.ts";
export { featureNames, velocityFeatures } from "./fraud-features.ts";
export { fraud } from "./plugin.ts";
export * from "./rules/index.ts";
