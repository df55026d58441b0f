export { type Background, type BackgroundRole, backgroundRoles } from "./background.ts";
export * from "./boot-plan.ts";
export * from "./circuit-breaker.ts";
export * from "./create-platform.ts";
export * from "./sdk-range.ts";
