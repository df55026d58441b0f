import {
  type BasketLine,
  createOrder,
  fulfilOrder,
  lineProperties,
  type OrderContext,
  paymentCall,
  placeOrder,
} from "./orders.ts";
import type { Random } from "./random.ts";
import type { Shop, ShopProduct } from "./shop.ts";
import type { Payload } from "./simulated-event.ts";
import { amount, type Visit, visitCall } from "./visit.ts";

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
  const wanted = fillBasket(random, shop, visit.person.favourite, visit.person.basket);
  for (const { product } of wanted.slice(0, 3)) view(context, visit, walk, product);
  for (const line of wanted)
    walk.track("Product Added", line.product.url, { ...lineProperties(line), currency });
  const products = wanted.map(lineProperties);
  walk.track("Cart Viewed", `${origin}/cart`, { products });
  const coupon = random.chance(0.12) ? "WELCOME10" : undefined;
  if (coupon !== undefined) walk.track("Coupon Applied", `${origin}/cart`, { coupon_id: coupon });
  if (newcomer && visit.known) walk.identify(traitsOf(visit));
  const order = createOrder(random, visit, wanted, { ...(coupon !== undefined && { coupon }) });
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
  if (random.chance(0.04)) {
    const failedAt = walk.now();
    context.emit(
      failedAt,
      paymentCall(context, visit, order, failedAt, "payment.failed", {
        failure_code: random.pick(["insufficient_funds", "do_not_honour", "expired_card"]),
      }),
    );
  }
  const orderedAt = walk.now();
  placeOrder(context, visit, order, orderedAt);
  fulfilOrder(context, visit, order, orderedAt);
}

/** An order and its payment alone. */
export function buyAtOnce(context: JourneyContext, visit: Visit, at: number): void {
  const { random, shop } = context;
  const { favourite, basket } = visit.person;
  placeOrder(
    context,
    visit,
    createOrder(random, visit, fillBasket(random, shop, favourite, basket)),
    at,
  );
}

export function traitsOf({ person }: Visit): Payload {
  return {
    email: person.email,
    name: person.name,
    country: person.home.country,
    city: person.home.city,
  };
}

/** Some products, most of the favourite category, popular ones more often. */
export function fillBasket(
  random: Random,
  shop: Shop,
  favourite: number,
  mean: number,
): readonly BasketLine[] {
  const lines = new Map<string, BasketLine>();
  const count = Math.max(1, Math.round(mean * (0.5 + random.next())));
  for (let i = 0; i < count; i += 1) {
    const product = choose(random, shop, favourite);
    const quantity = random.chance(0.85) ? 1 : random.between(2, 4);
    lines.set(product.id, { product, quantity });
  }
  return [...lines.values()];
}

function choose(random: Random, shop: Shop, favourite: number): ShopProduct {
  const categories = [...shop.byCategory.values()];
  const category = random.chance(0.6)
    ? categories[favourite % categories.length]
    : random.pick(categories);
  // Popularity falls off along the category's list.
  const index = category?.[Math.floor(category.length * random.next() ** 2)] ?? 0;
  return shop.products[index] ?? random.pick(shop.products);
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
