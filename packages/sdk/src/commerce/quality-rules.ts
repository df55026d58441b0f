import type { QualityRule } from "../plugin/quality-rule.ts";
import { productsTable } from "./products-topology.ts";

const orders = { topic: "transactions", types: ["order.completed", "order.updated"] } as const;
const payments = {
  topic: "transactions",
  types: ["payment.authorised", "payment.captured", "payment.failed"],
} as const;
const currencies = Intl.supportedValuesOf("currency");
const dayMs = 86_400_000;
const minuteMs = 60_000;

/** What must hold of the events of a shop. */
export const commerceQualityRules: readonly QualityRule[] = [
  {
    name: "order-has-id",
    ...orders,
    level: "fail",
    description: "An order has an id",
    check: { kind: "completeness", field: "order_id" },
  },
  {
    name: "order-id-unique",
    topic: "transactions",
    types: ["order.completed"],
    level: "fail",
    description: "An order is completed once",
    check: { kind: "uniqueness", field: "order_id", withinMs: dayMs },
  },
  {
    name: "order-total-not-negative",
    ...orders,
    level: "fail",
    description: "An order's total is not negative",
    check: { kind: "range", field: "total", min: 0 },
  },
  {
    name: "order-currency-known",
    ...orders,
    level: "fail",
    description: "An order's currency is an ISO 4217 code",
    check: { kind: "allowed", field: "currency", values: currencies },
  },
  {
    name: "order-has-products",
    ...orders,
    level: "warn",
    description: "An order says what was bought",
    check: { kind: "completeness", field: "products" },
  },
  {
    name: "order-line-quantity-positive",
    ...orders,
    level: "warn",
    description: "The quantity of an order's line is above zero",
    check: { kind: "range", field: "products[].quantity", above: 0 },
  },
  {
    name: "order-line-price-plausible",
    ...orders,
    level: "warn",
    description: "The price of an order's line is between 0 and 1,000,000",
    check: { kind: "range", field: "products[].price", min: 0, max: 1_000_000 },
  },
  {
    name: "order-product-known",
    topic: "transactions",
    types: ["order.completed"],
    level: "warn",
    description: "The products of an order are in the catalogue",
    check: { kind: "reference", field: "products[].product_id", table: productsTable },
  },
  {
    name: "payment-amount-positive",
    ...payments,
    level: "fail",
    description: "A payment's amount is above zero",
    check: { kind: "range", field: "amount", above: 0 },
  },
  {
    name: "payment-has-id",
    ...payments,
    level: "warn",
    description: "A payment has an id",
    check: { kind: "completeness", field: "payment_id" },
  },
  {
    name: "no-card-number",
    topic: "transactions",
    level: "fail",
    description: "What names a card is a token, never the card's number",
    check: { kind: "cardNumberFree", field: "card_id" },
    minShare: 1,
  },
  ...(["transactions", "user-events", "product-updates"] as const).flatMap(
    (topic): readonly QualityRule[] => [
      {
        name: `${topic}-schema`,
        topic,
        level: "fail",
        description: "The data fits the schema of its type",
        check: { kind: "schema" },
      },
      {
        name: `${topic}-not-ahead`,
        topic,
        level: "warn",
        description: "No event is of a time more than five minutes ahead",
        check: { kind: "freshness", maxAheadMs: 5 * minuteMs },
      },
    ],
  ),
  {
    name: "transactions-not-silent",
    topic: "transactions",
    level: "warn",
    description: "Some transaction came within a day",
    check: { kind: "silence", maxMs: dayMs },
  },
  {
    name: "user-events-not-silent",
    topic: "user-events",
    level: "warn",
    description: "Some visitor did something within a day",
    check: { kind: "silence", maxMs: dayMs },
  },
  {
    name: "product-view-names-product",
    topic: "user-events",
    types: ["product.viewed", "product.added"],
    level: "warn",
    description: "What is viewed or put into the cart is named by its id",
    check: { kind: "completeness", field: "product_id" },
  },
  {
    name: "product-price-plausible",
    topic: "product-updates",
    types: ["product.updated", "price.updated"],
    level: "warn",
    description: "A product's price is between 0 and 1,000,000",
    check: { kind: "range", field: "price", min: 0, max: 1_000_000 },
  },
];

/** What may be shown of values: few, and about no person. */
export const commerceCategoryFields: Readonly<Record<string, readonly string[]>> = {
  transactions: [
    "currency",
    "country",
    "channel",
    "payment_method",
    "provider",
    "card_brand",
    "card_country",
    "shipping_method",
    "status",
    "carrier",
    "products[].category",
    "products[].brand",
    "products[].line_type",
  ],
  "user-events": ["category", "brand", "currency", "shipping_method", "payment_method"],
  "product-updates": ["category", "brand", "currency", "status", "location"],
};
