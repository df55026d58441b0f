export * from "./anomaly/anomaly-detector.ts";
export * from "./audit-events.ts";
export * from "./contract.ts";
export { governance } from "./plugin.ts";
export * from "./quality/quality-events.ts";
export {
  qualityAlertsTable,
  qualityProfilesTable,
  qualityResultsTable,
} from "./quality/quality-tables.ts";
