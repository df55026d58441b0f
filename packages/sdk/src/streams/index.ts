export * from "./topology.ts";
