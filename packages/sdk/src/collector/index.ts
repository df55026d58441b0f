export * from "./collector.ts";
export * from "./dead-letter.ts";
export * from "./dead-letters.ts";
export * from "./dialects/index.ts";
export * from "./element-ranges.ts";
export type { UnplannedPolicy } from "./judge-event.ts";
export * from "./read-body.ts";
export * from "./receipt.ts";
export * from "./validators.ts";
