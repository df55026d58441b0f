export * from "./handbook-features.ts";
export * from "./handbook-rows.ts";
export * from "./handbook-transaction.ts";
