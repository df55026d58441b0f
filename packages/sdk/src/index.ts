export * from "./container.ts";
export * from "./errors/index.ts";
export * from "./events/index.ts";
export * from "./ports/index.ts";
