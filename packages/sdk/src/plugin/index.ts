export * from "./define-plugin.ts";
export { type OptionalService, optional, type ServiceToken, serviceToken } from "./dependency.ts";
export * from "./job.ts";
export * from "./live-board.ts";
export * from "./metric.ts";
export * from "./model-info.ts";
export * from "./personal-data.ts";
export * from "./plugin-context.ts";
export * from "./quality-rule.ts";
