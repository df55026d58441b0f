export * from "./audit-events.ts";
export * from "./contract.ts";
export { governance } from "./plugin.ts";
