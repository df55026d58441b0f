export * from "./derived-id.ts";
export * from "./run-topology.ts";
export * from "./topology.ts";
export * from "./topology-status.ts";
