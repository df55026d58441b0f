import { hex32, type Random } from "./random.ts";
import type { ShopProduct } from "./shop.ts";
import type { FraudLabel, Payload } from "./simulated-event.ts";
import { amount, type Emit, officeCall, type Visit, visitCall } from "./visit.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

export interface BasketLine {
  readonly product: ShopProduct;
  readonly quantity: number;
}

export interface Order {
  readonly id: string;
  readonly paymentId: string;
  readonly lines: readonly BasketLine[];
  readonly subtotalCents: number;
  readonly discountCents: number;
  readonly taxCents: number;
  readonly shippingCents: number;
  readonly totalCents: number;
  readonly coupon?: string;
  readonly cardId: string;
  readonly cardBrand: string;
  readonly cardCountry: string;
  readonly deliveredTo: string;
}

export function createOrder(
  random: Random,
  visit: Visit,
  lines: readonly BasketLine[],
  differences: {
    readonly cardId?: string;
    readonly cardCountry?: string;
    readonly deliveredTo?: string;
    readonly coupon?: string;
  } = {},
): Order {
  const { person } = visit;
  const listCents = lines.reduce((sum, line) => sum + line.product.priceCents * line.quantity, 0);
  const discountCents = differences.coupon === undefined ? 0 : Math.round(listCents / 10);
  const subtotalCents = listCents - discountCents;
  const taxCents = Math.round(subtotalCents * 0.2);
  const shippingCents = subtotalCents >= 5000 ? 0 : 490;
  const reference = `${hex32(random.bits())}${hex32(random.bits()).slice(0, 4)}`;
  return {
    id: `o-${reference}`,
    paymentId: `pay-${reference}`,
    lines,
    subtotalCents,
    discountCents,
    taxCents,
    shippingCents,
    totalCents: subtotalCents + taxCents + shippingCents,
    cardId: person.cardId,
    cardBrand: person.cardBrand,
    cardCountry: person.home.country,
    deliveredTo: person.home.country,
    ...differences,
  };
}

export function lineProperties({ product, quantity }: BasketLine): Payload {
  return {
    product_id: product.id,
    sku: product.sku,
    name: product.name,
    brand: product.brand,
    category: product.category,
    price: amount(product.priceCents),
    quantity,
  };
}

export interface OrderContext {
  readonly random: Random;
  readonly emit: Emit;
  readonly currency: string;
  readonly origin: string;
}

/** Marks what the order sends as fraud; absent for honest ones. */
export type Labeller = (
  payload: Payload,
  ids: { readonly orderId?: string; readonly paymentId?: string },
) => FraudLabel;

/** The visitor completes the order, and the payment is authorised. */
export function placeOrder(
  context: OrderContext,
  visit: Visit,
  order: Order,
  at: number,
  label?: Labeller,
): void {
  const { random, emit, currency, origin } = context;
  const completed = visitCall(random, visit, at, {
    type: "track",
    event: "Order Completed",
    url: `${origin}/checkout/done`,
    properties: {
      order_id: order.id,
      subtotal: amount(order.subtotalCents),
      revenue: amount(order.subtotalCents),
      tax: amount(order.taxCents),
      shipping: amount(order.shippingCents),
      discount: amount(order.discountCents),
      total: amount(order.totalCents),
      currency,
      coupon: order.coupon,
      payment_method: "card",
      card_id: order.cardId,
      card_country: order.cardCountry,
      country: order.deliveredTo,
      products: order.lines.map(lineProperties),
    },
  });
  const ids = { orderId: order.id, paymentId: order.paymentId };
  emit(at, completed, label?.(completed, ids));
  const authorised = paymentCall(context, visit, order, at + 900, "payment.authorised");
  emit(at + 900, authorised, label?.(authorised, ids));
}

/** A payment in front of the buyer, with their device and address: what a fraud engine decides on. */
export function paymentCall(
  context: OrderContext,
  visit: Visit,
  order: Order,
  at: number,
  event: string,
  more: Payload = {},
): Payload {
  const properties = { ...paymentProperties(context, order), ...more };
  return visitCall(context.random, visit, at, {
    type: "track",
    event,
    properties,
    url: `${context.origin}/checkout`,
  });
}

function paymentProperties({ currency }: OrderContext, order: Order): Payload {
  return {
    payment_id: order.paymentId,
    order_id: order.id,
    amount: amount(order.totalCents),
    currency,
    payment_method: "card",
    provider: "paywell",
    card_id: order.cardId,
    card_brand: order.cardBrand,
    card_country: order.cardCountry,
    country: order.deliveredTo,
  };
}

/** Capture and dispatch within days; now and then a refund of some or all lines. */
export function fulfilOrder(context: OrderContext, visit: Visit, order: Order, at: number): void {
  const { random, emit } = context;
  const capturedAt = at + random.between(10, 600) * minuteMs;
  emit(
    capturedAt,
    officeCall(
      random,
      capturedAt,
      "payment.captured",
      paymentProperties(context, order),
      buyer(visit),
    ),
  );
  const shippedAt = capturedAt + Math.round(random.exponential(dayMs));
  emit(
    shippedAt,
    officeCall(
      random,
      shippedAt,
      "shipment.updated",
      {
        shipment_id: `sh-${order.id.slice(2)}`,
        order_id: order.id,
        status: "shipped",
        carrier: random.pick(["DHL", "UPS", "DPD"]),
      },
      buyer(visit),
    ),
  );
  if (!random.chance(0.07)) return;
  const refundedAt = shippedAt + Math.round((2 + random.exponential(6)) * dayMs);
  const kept = random.chance(0.5) ? order.lines : [random.pick(order.lines)];
  emit(
    refundedAt,
    refundCall(
      context,
      visit,
      order,
      refundedAt,
      kept,
      random.pick(["did not fit", "not as described", "changed my mind", "damaged"]),
    ),
  );
}

/** What of each line is given back is what was paid for it: the list price less the order's discount. */
export function refundCall(
  { random, currency }: OrderContext,
  visit: Visit,
  order: Order,
  at: number,
  lines: readonly BasketLine[],
  reason: string,
): Payload {
  const share = order.discountCents === 0 ? 1 : 0.9;
  const products = lines.map((line) => ({
    ...lineProperties(line),
    price: amount(Math.round(line.product.priceCents * share)),
  }));
  return officeCall(
    random,
    at,
    "refund.created",
    {
      refund_id: `r-${hex32(random.bits())}${hex32(random.bits()).slice(0, 4)}`,
      order_id: order.id,
      currency,
      reason,
      country: order.deliveredTo,
      products,
    },
    buyer(visit),
  );
}

export function buyer(visit: Visit): {
  readonly userId: string | undefined;
  readonly anonymousId: string;
} {
  return {
    userId: visit.known ? visit.person.id : undefined,
    anonymousId: visit.device.anonymousId,
  };
}
