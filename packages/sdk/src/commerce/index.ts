/**
 * The e-commerce catalogue: event types, exact money, marketing channels, and the tables of the lake they become.
 *
 * ```ts
 * const platform = await createPlatform({ adapters: memory(), plugins: [commerce({ currency: "EUR" })] });
 * platform.registry.resolve("Completed Order")?.type; // "order.completed"
 * roundMoney(addMoney("0.1", "0.2")); // "0.30"
 * ```
 *
 * Net revenue = Σ order_lines.amount − Σ refund_lines.amount + Σ adjustments.amount, each row at its own event_time. Units and product rankings
 * count rows whose line_type is product.
 */
export * from "./catalogue.ts";
export * from "./channel.ts";
export * from "./commerce-plugin.ts";
export * from "./money.ts";
export type { CommerceOptions } from "./normalise.ts";
export { type ProductRow, productsTable } from "./products-topology.ts";
export * from "./quality-rules.ts";
export * from "./tables/commerce-tables.ts";
