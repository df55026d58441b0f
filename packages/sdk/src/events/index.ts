export * from "./compatibility.ts";
export * from "./envelope.ts";
export * from "./event-definition.ts";
export * from "./schema-registry.ts";
export * from "./topics.ts";
export * from "./uuid.ts";
