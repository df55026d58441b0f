export * from "./contract.ts";
export { alertRaised, decisionMade, declinesCapped } from "./fraud-events.ts";
export { featureNames, fraudFeatures, steadyFeatureNames } from "./fraud-features.ts";
export { type FraudRuntime, fraud } from "./plugin.ts";
export * from "./rules/index.ts";
