import { z } from "zod";
import type { EventEntry } from "../event-entry.ts";
import {
  identifier,
  instant,
  money,
  numeric,
  orderLines,
  orderMoneyFields,
  requiredMoney,
  text,
} from "../fields.ts";
import { normaliseFields } from "../normalise.ts";
import { normaliseOrder } from "../order-money.ts";
import { normaliseRefund } from "../refund-money.ts";

const order = z.looseObject({
  ...orderMoneyFields,
  order_id: identifier,
  /** The v1 name. */
  orderId: identifier,
  checkout_id: identifier,
  cart_id: identifier,
  affiliation: text,
  coupon: text,
  payment_method: text,
  payment_id: identifier,
  /** A token or fingerprint; never a card number. */
  card_id: identifier,
  card_country: text,
  shipping_method: text,
  /** Where it is delivered, ISO 3166 alpha-2 by preference; else the country of the visitor's address counts. */
  country: text,
  /** The marketing channel, where the shop knows it; else it is told from campaign and referrer. */
  channel: text,
  products: orderLines,
});
const refund = order.extend({ refund_id: identifier, reason: text });
const payment = z.looseObject({
  payment_id: identifier,
  order_id: identifier,
  checkout_id: identifier,
  amount: requiredMoney,
  currency: text,
  payment_method: text,
  provider: text,
  /** A token or fingerprint; never a card number. */
  card_id: identifier,
  card_brand: text,
  card_country: text,
  failure_code: text,
  country: text,
  /** Who sold it, and on a marketplace for whom. */
  merchant_id: identifier,
  seller_id: identifier,
});
const transaction = { topic: "transactions" } as const;

/** Orders and the money that follows them. */
export const orderEvents = {
  "order.completed": {
    ...transaction,
    description: "A customer completed an order.",
    aliases: ["Order Completed", "Completed Order"],
    schema: order,
    subject: "order_id",
    identity: ["order_id"],
    normalise: normaliseOrder,
  },
  "order.updated": {
    ...transaction,
    description: "An order was changed after it was completed.",
    aliases: ["Order Updated", "Updated Order"],
    schema: order,
    subject: "order_id",
    normalise: normaliseOrder,
  },
  "order.refunded": {
    ...transaction,
    description: "A customer got back some or all of an order's money, as the storefront tells it.",
    aliases: ["Order Refunded", "Refunded Order"],
    schema: refund,
    subject: "order_id",
    normalise: normaliseRefund,
  },
  "order.cancelled": {
    ...transaction,
    description: "An order was cancelled; its money counts as refunded.",
    aliases: ["Order Cancelled", "Cancelled Order", "Order Canceled", "Canceled Order"],
    schema: refund,
    subject: "order_id",
    identity: ["order_id"],
    normalise: normaliseRefund,
  },
  "refund.created": {
    ...transaction,
    description: "The back office gave money back, for an order it may not know.",
    aliases: ["Refund Created"],
    schema: refund,
    subject: "refund_id",
    identity: ["refund_id"],
    normalise: normaliseRefund,
  },
  "payment.authorised": {
    ...transaction,
    description: "A payment was authorised.",
    aliases: ["Payment Authorised", "Payment Authorized", "payment.authorized"],
    schema: payment,
    subject: "payment_id",
    normalise: normaliseFields,
  },
  "payment.captured": {
    ...transaction,
    description: "A payment was captured.",
    aliases: ["Payment Captured"],
    schema: payment,
    subject: "payment_id",
    normalise: normaliseFields,
  },
  "payment.failed": {
    ...transaction,
    description: "A payment was declined or failed.",
    aliases: ["Payment Failed", "Payment Declined"],
    schema: payment,
    subject: "payment_id",
    normalise: normaliseFields,
  },
  "chargeback.received": {
    ...transaction,
    description: "A cardholder's bank took a payment back.",
    aliases: ["Chargeback Received"],
    schema: payment.extend({ chargeback_id: identifier, reason: text }),
    subject: "chargeback_id",
    identity: ["chargeback_id"],
    normalise: normaliseFields,
  },
  "adjustment.posted": {
    ...transaction,
    description:
      "An amount was added to revenue (positive) or written off (negative), as bad debt is.",
    aliases: ["Adjustment Posted"],
    schema: z.looseObject({
      adjustment_id: identifier,
      order_id: identifier,
      amount: requiredMoney,
      currency: text,
      reason: text,
      description: text,
      country: text,
      channel: text,
      occurred_at: instant,
    }),
    subject: "adjustment_id",
    identity: ["adjustment_id"],
    normalise: normaliseFields,
  },
  "shipment.updated": {
    ...transaction,
    description: "A shipment changed its status.",
    aliases: ["Shipment Updated", "Order Shipped", "Order Delivered"],
    schema: z.looseObject({
      shipment_id: identifier,
      order_id: identifier,
      status: text,
      carrier: text,
      tracking_number: text,
      cost: money,
      currency: text,
      estimated_days: numeric,
    }),
    subject: "shipment_id",
    normalise: normaliseFields,
  },
} as const satisfies Record<string, EventEntry>;
