export * from "./contract.ts";
export { biMetrics } from "./metrics.ts";
export { bi } from "./plugin.ts";
