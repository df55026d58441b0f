export * from "./alert-events.ts";
export * from "./health.ts";
export type { HealthMonitor } from "./health-monitor.ts";
export { type AlertLimits, defaultAlertLimits, type HealthOptions } from "./health-options.ts";
