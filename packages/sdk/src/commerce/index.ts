export * from "./catalogue.ts";
export * from "./channel.ts";
export * from "./commerce-plugin.ts";
export * from "./money.ts";
export type { CommerceOptions } from "./normalise.ts";
export * from "./tables/commerce-tables.ts";
