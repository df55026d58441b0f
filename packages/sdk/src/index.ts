export * from "./container.ts";
export * from "./errors/index.ts";
export * from "./events/index.ts";
export * from "./jobs/index.ts";
export * from "./platform/index.ts";
export * from "./plugin/index.ts";
export * from "./ports/index.ts";
export * from "./sdk-version.ts";
