export * from "./demo.ts";
export * from "./options.ts";
export * from "./simulate.ts";
export * from "./simulate-live.ts";
export * from "./simulated-event.ts";
