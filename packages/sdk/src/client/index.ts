/**
 * The tracker for browsers and Node, without dependencies.
 *
 * ```ts
 * const tracker = createTracker({ host: "https://events.shop.example", writeKey: "…", requireConsent: "analytics" });
 * tracker.consent({ analytics: true });
 * tracker.identify("c-17", { email: "ann@mail.example" });
 * tracker.track("product.added", { product_id: "p-1", price: "18.99", quantity: 1 });
 * const receipts = await tracker.flush(); // [{ id, status: "accepted" }, …]
 * ```
 *
 * On a server, say for whom a call is: `tracker.track("order.completed", order, { userId: "c-17" })`, and flush before the process ends.
 */
export type { KeyValueStorage } from "./platform.ts";
export type { DeliveryReceipt } from "./receipt.ts";
export * from "./tracker.ts";
export type { CallOptions, TrackerOptions } from "./tracker-options.ts";
