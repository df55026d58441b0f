export { type Background, type BackgroundRole, backgroundRoles } from "./background.ts";
export * from "./boot-plan.ts";
export * from "./circuit-breaker.ts";
export { createPlatform } from "./create-platform.ts";
export type { InstalledPlugin } from "./install-plugin.ts";
export type { Platform, PlatformOptions } from "./platform.ts";
export * from "./sdk-range.ts";
export type { TopicSettings } from "./topic-settings.ts";
