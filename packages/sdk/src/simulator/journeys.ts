import { type BasketLine, choose, dearest, fillBasket } from "./baskets.ts";
import { createCard } from "./customers.ts";
import {
  fulfilOrder,
  honestOrder,
  lineProperties,
  type Order,
  type OrderContext,
  paymentCall,
  placeOrder,
} from "./orders.ts";
import type { Random } from "./random.ts";
import type { Shop, ShopProduct } from "./shop.ts";
import type { Payload } from "./simulated-event.ts";
import { amount, type Visit, visitCall } from "./visit.ts";

const minuteMs = 60_000;

export interface JourneyContext extends OrderContext {
  readonly shop: Shop;
}

/** A visit in progress: every step takes some seconds. */
interface Walk {
  track(event: string, url: string, properties: Payload): void;
  page(url: string, title: string): void;
  identify(traits: Payload): void;
  /** Epoch milliseconds of the next step. */
  now(): number;
}

/** Someone looks around and leaves. */
export function browse(context: JourneyContext, visit: Visit, at: number): void {
  const { random, shop } = context;
  const walk = arrive(context, visit, at);
  if (random.chance(0.45)) return;
  const viewed = look(context, visit, walk, 1 + random.below(3));
  const last = viewed.at(-1);
  if (last === undefined || !random.chance(0.3)) return;
  walk.track("Product Added", last.url, {
    ...lineProperties({ product: last, quantity: 1 }),
    currency: context.currency,
  });
  if (random.chance(0.4))
    walk.track("Cart Viewed", `${shop.origin}/cart`, {
      products: [lineProperties({ product: last, quantity: 1 })],
    });
}

/** Someone looks around, buys, and the shop delivers. */
export function buy(context: JourneyContext, visit: Visit, at: number, newcomer: boolean): void {
  const { random, shop, currency } = context;
  const { origin } = shop;
  const walk = arrive(context, visit, at);
  const wanted = basketOf(context, visit);
  for (const { product } of wanted.slice(0, 3)) view(context, visit, walk, product);
  for (const line of wanted)
    walk.track("Product Added", line.product.url, { ...lineProperties(line), currency });
  const products = wanted.map(lineProperties);
  walk.track("Cart Viewed", `${origin}/cart`, { products });
  const coupon = random.chance(0.12) ? "WELCOME10" : undefined;
  if (coupon !== undefined) walk.track("Coupon Applied", `${origin}/cart`, { coupon_id: coupon });
  if (newcomer && visit.known) walk.identify(traitsOf(visit));
  const order = honestOrder(random, visit, wanted, coupon);
  walk.track("Checkout Started", `${origin}/checkout`, {
    order_id: order.id,
    value: amount(order.totalCents),
    currency,
    products,
  });
  walk.track("Payment Info Entered", `${origin}/checkout`, {
    order_id: order.id,
    payment_method: "card",
  });
  const paid = random.chance(shares.refused) ? refused(context, visit, order, walk) : order;
  const orderedAt = walk.now();
  placeOrder(context, visit, paid, orderedAt);
  fulfilOrder(context, visit, paid, orderedAt);
  for (const laterAt of moreOrdersAt(random, orderedAt)) {
    const more = { ...honestOrder(random, visit, basketOf(context, visit, 1)), card: paid.card };
    placeOrder(context, visit, more, laterAt);
    fulfilOrder(context, visit, more, laterAt);
  }
}

/** Of honest orders. */
const shares = {
  dearBasket: 0.025,
  refused: 0.04,
  /** Of refused payments: tried again with another card. */
  otherCard: 0.4,
  /** Something was forgotten: another order within the hour. */
  forgotten: 0.03,
  /** What is sold one an order is bought a few times. */
  onePerOrder: 0.006,
} as const;
const onePerOrder = { least: 2, most: 4 } as const;

/** Orders that come of one visit on average. */
export const ordersOfBuyer =
  1 + shares.forgotten + (shares.onePerOrder * (onePerOrder.least + onePerOrder.most)) / 2;

function basketOf(
  { random, shop }: JourneyContext,
  { person }: Visit,
  mean = person.basket,
): readonly BasketLine[] {
  return random.chance(shares.dearBasket)
    ? dearest(random, shop, random.between(1, 3))
    : fillBasket(random, shop, person.favourite, mean);
}

/** The provider says no, and the order is paid for all the same: at the second attempt, or with another card. */
function refused(context: JourneyContext, visit: Visit, order: Order, walk: Walk): Order {
  const { random } = context;
  const at = walk.now();
  const failure = random.pick(["insufficient_funds", "do_not_honour", "expired_card"]);
  const attempt = { ...order, paymentId: `${order.paymentId}-1` };
  context.emit(
    at,
    paymentCall(context, visit, attempt, at, "payment.failed", { failure_code: failure }),
  );
  if (!random.chance(shares.otherCard)) return order;
  const { cards, home } = visit.person;
  const card = cards.find(({ id }) => id !== order.card.id) ?? createCard(random, home.country);
  return { ...order, card };
}

function moreOrdersAt(random: Random, orderedAt: number): readonly number[] {
  if (random.chance(shares.forgotten)) return [orderedAt + random.between(3, 50) * minuteMs];
  if (!random.chance(shares.onePerOrder)) return [];
  const { least, most } = onePerOrder;
  let at = orderedAt;
  return Array.from({ length: random.between(least, most) }, () => {
    at += random.between(60, 600) * 1000;
    return at;
  });
}

/** An order and its payment alone. */
export function buyAtOnce(context: JourneyContext, visit: Visit, at: number): void {
  placeOrder(context, visit, honestOrder(context.random, visit, basketOf(context, visit)), at);
}

export function traitsOf({ person }: Visit): Payload {
  return {
    email: person.email,
    name: person.name,
    country: person.home.country,
    city: person.home.city,
  };
}

function look(
  context: JourneyContext,
  visit: Visit,
  walk: Walk,
  count: number,
): readonly ShopProduct[] {
  const { random, shop } = context;
  const viewed: ShopProduct[] = [];
  for (let i = 0; i < count; i += 1) {
    const product = choose(random, shop, visit.person.favourite);
    view(context, visit, walk, product);
    viewed.push(product);
  }
  return viewed;
}

function view({ currency }: JourneyContext, visit: Visit, walk: Walk, product: ShopProduct): void {
  walk.track("Product Viewed", product.url, {
    ...lineProperties({ product, quantity: 1 }),
    currency,
  });
  visit.referrer = product.url;
}

function arrive({ random, emit, shop }: JourneyContext, visit: Visit, at: number): Walk {
  let time = at;
  const now = (): number => {
    const instant = time;
    time += 1000 + Math.round(random.exponential(20_000));
    return instant;
  };
  const walk: Walk = {
    now,
    track(event, url, properties) {
      const instant = now();
      emit(instant, visitCall(random, visit, instant, { type: "track", event, properties, url }));
    },
    page(url, title) {
      const instant = now();
      emit(
        instant,
        visitCall(random, visit, instant, { type: "page", properties: { title, url }, url, title }),
      );
      visit.referrer = url;
    },
    identify(traits) {
      const instant = now();
      emit(
        instant,
        visitCall(random, visit, instant, {
          type: "identify",
          traits,
          url: `${shop.origin}/account`,
        }),
      );
    },
  };
  const landing = random.chance(0.5) ? "/" : `/category/${visit.person.favourite}`;
  walk.track("session.started", `${shop.origin}${landing}`, {
    session_id: visit.sessionId,
    landing_page: landing,
    device_type: visit.device.type,
  });
  time = at + 150;
  walk.page(`${shop.origin}${landing}`, landing === "/" ? "Home" : "Category");
  return walk;
}
