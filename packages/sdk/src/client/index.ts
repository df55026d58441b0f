export type { KeyValueStorage } from "./platform.ts";
export type { DeliveryReceipt } from "./receipt.ts";
export * from "./tracker.ts";
export type { CallOptions, TrackerOptions } from "./tracker-options.ts";
