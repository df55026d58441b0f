import type { BasketLine } from "./baskets.ts";
import type { Card } from "./customers.ts";
import { placesAbroad } from "./places.ts";
import { hex32, type Random } from "./random.ts";
import type { FraudLabel, Payload } from "./simulated-event.ts";
import { amount, type Emit, officeCall, type Visit, visitCall } from "./visit.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Of honest orders and what becomes of them. */
const shares = {
  /** With the second card, of those who have one. */
  secondCard: 0.3,
  /** Sent to somebody in another country. */
  gift: 0.02,
  /** Of travellers': sent to where they are. */
  toTraveller: 0.35,
  returned: 0.05,
  returnedByReturners: 0.6,
  /** The parcel is lost, and the customer says so. */
  lost: 0.006,
} as const;

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
  readonly card: Card;
  readonly deliveredTo: string;
}

export function createOrder(
  random: Random,
  visit: Visit,
  lines: readonly BasketLine[],
  differences: {
    readonly card?: Card;
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
    card: person.cards[0],
    deliveredTo: person.home.country,
    ...differences,
  };
}

/** An order as honest people make them: mostly for themselves, at home, on their usual card. */
export function honestOrder(
  random: Random,
  visit: Visit,
  lines: readonly BasketLine[],
  coupon?: string,
): Order {
  const { cards, home } = visit.person;
  const isAway = visit.place.country !== home.country;
  return createOrder(random, visit, lines, {
    card: random.chance(shares.secondCard) ? (cards[1] ?? cards[0]) : cards[0],
    deliveredTo: random.chance(shares.gift)
      ? random.pick(placesAbroad(home)).country
      : isAway && random.chance(shares.toTraveller)
        ? visit.place.country
        : home.country,
    ...(coupon !== undefined && { coupon }),
  });
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
      card_id: order.card.id,
      card_country: order.card.country,
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
    card_id: order.card.id,
    card_brand: order.card.brand,
    card_country: order.card.country,
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
  const isReturned = random.chance(
    visit.person.isReturner ? shares.returnedByReturners : shares.returned,
  );
  if (!isReturned && !random.chance(shares.lost)) return;
  const refundedAt = shippedAt + Math.round((2 + random.exponential(6)) * dayMs);
  const lines = isReturned && random.chance(0.5) ? [random.pick(order.lines)] : order.lines;
  const reason = isReturned
    ? random.pick(["did not fit", "not as described", "changed my mind", "damaged"])
    : neverCame;
  emit(refundedAt, refundCall(context, visit, order, refundedAt, { lines, reason }));
}

/** What is said of a parcel that never came, truly or not. */
export const neverCame = "item not received";

/** What of each line is given back is what was paid for it: the list price less the order's discount. */
export function refundCall(
  { random, currency }: OrderContext,
  visit: Visit,
  order: Order,
  at: number,
  { lines, reason }: { readonly lines: readonly BasketLine[]; readonly reason: string },
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
