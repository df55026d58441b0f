import { createDevice, createPerson } from "./customers.ts";
import { fillBasket, type JourneyContext, traitsOf } from "./journeys.ts";
import type { FraudScenario } from "./options.ts";
import {
  type BasketLine,
  buyer,
  createOrder,
  fulfilOrder,
  type Labeller,
  type Order,
  paymentCall,
  placeOrder,
  refundCall,
} from "./orders.ts";
import { distantPlaces } from "./places.ts";
import { hex32, type Random } from "./random.ts";
import { type Source, sources } from "./shop.ts";
import { amount, createVisit, officeCall, type Visit, visitCall } from "./visit.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

export interface FraudContext extends JourneyContext {
  readonly seed: string | number;
  /** A customer who bought before. */
  readonly victim: () => Parameters<typeof createVisit>[1]["person"];
}

/** Plays one incident that begins at the instant. Everything of it that moves money is labelled. */
export type Incident = (context: FraudContext, at: number) => void;

const direct: Source = sources[0] ?? { weight: 1, returningWeight: 1 };

export const incidents: Readonly<Record<FraudScenario, Incident>> = {
  /** One device tries stolen card numbers with small amounts; most are declined. */
  card_testing(context, at) {
    const { random, emit } = context;
    const visit = stranger(context);
    const label = labeller("card_testing", at + random.between(1, 10) * dayMs);
    const lines = cheapest(context);
    let time = at;
    for (let tries = random.between(15, 40); tries > 0; tries -= 1) {
      time += random.between(3000, 25_000);
      const order = createOrder(random, visit, lines, {
        cardId: `card-${hex32(random.bits())}`,
        cardCountry: random.pick(["US", "GB", "FR", "DE"]),
      });
      if (random.chance(0.12)) placeOrder(context, visit, order, time, label);
      else {
        const failed = paymentCall(context, visit, order, time, "payment.failed", {
          failure_code: random.pick(["do_not_honour", "invalid_cvc", "stolen_card"]),
        });
        emit(time, failed, label(failed, { orderId: order.id, paymentId: order.paymentId }));
      }
    }
  },

  /** A customer's account, from another device on another continent, with another address. */
  account_takeover(context, at) {
    const { random, emit, origin } = context;
    const place = random.pick(distantPlaces);
    const visit = createVisit(random, {
      person: context.victim(),
      source: direct,
      known: true,
      device: createDevice(random),
      place,
      ip: address(random, place.network),
    });
    const disputedAt = at + random.between(5, 30) * dayMs;
    emit(
      at,
      visitCall(random, visit, at, {
        type: "identify",
        traits: { ...traitsOf(visit), email: `x${hex32(random.bits())}@mail.example` },
        url: `${origin}/account`,
      }),
    );
    const order = createOrder(random, visit, dearest(context, 2), { deliveredTo: place.country });
    const orderedAt = at + random.between(2, 15) * minuteMs;
    placeOrder(context, visit, order, orderedAt, labeller("account_takeover", disputedAt));
    chargeBack(context, visit, order, disputedAt);
  },

  /** A newcomer pays much with a card from another country. */
  stolen_card(context, at) {
    const { random } = context;
    const visit = stranger(context);
    const order = createOrder(random, visit, dearest(context, 3), {
      cardId: `card-${hex32(random.bits())}`,
      cardCountry: random.pick(["US", "CA", "GB", "AU"]),
    });
    const disputedAt = at + random.between(10, 40) * dayMs;
    placeOrder(context, visit, order, at, labeller("stolen_card", disputedAt));
    chargeBack(context, visit, order, disputedAt);
  },

  /** Many orders with one card within minutes. */
  velocity_burst(context, at) {
    const { random, shop } = context;
    const visit = stranger(context);
    const label = labeller("velocity_burst", at + random.between(3, 20) * dayMs);
    let time = at;
    for (let left = random.between(6, 12); left > 0; left -= 1) {
      placeOrder(
        context,
        visit,
        createOrder(random, visit, fillBasket(random, shop, 0, 2)),
        time,
        label,
      );
      time += random.between(15_000, 90_000);
    }
  },

  /** A customer orders at home, and within the hour on another continent. */
  impossible_travel(context, at) {
    const { random, shop } = context;
    const person = context.victim();
    const home = createVisit(random, { person, source: direct, known: true });
    const honest = createOrder(random, home, fillBasket(random, shop, person.favourite, 1));
    placeOrder(context, home, honest, at);
    fulfilOrder(context, home, honest, at);
    const place = random.pick(distantPlaces);
    const away = createVisit(random, {
      person,
      source: direct,
      known: true,
      device: createDevice(random),
      place,
      ip: address(random, place.network),
    });
    const laterAt = at + random.between(20, 50) * minuteMs;
    const order = createOrder(random, away, dearest(context, 2), { deliveredTo: place.country });
    const disputedAt = at + random.between(5, 30) * dayMs;
    placeOrder(context, away, order, laterAt, labeller("impossible_travel", disputedAt));
    chargeBack(context, away, order, disputedAt);
  },

  /** A customer who says of every order that it never came. */
  refund_abuse(context, at) {
    const { random, emit } = context;
    const visit = createVisit(random, { person: context.victim(), source: direct, known: true });
    let time = at;
    for (let left = random.between(3, 5); left > 0; left -= 1) {
      const refundedAt = time + random.between(2, 4) * dayMs;
      const label = labeller("refund_abuse", refundedAt + 10 * dayMs);
      const order = createOrder(random, visit, dearest(context, 1));
      placeOrder(context, visit, order, time, label);
      const refund = refundCall(
        context,
        visit,
        order,
        refundedAt,
        order.lines,
        "item not received",
      );
      emit(refundedAt, refund, label(refund, { orderId: order.id }));
      time = refundedAt + random.between(6, 48) * 60 * minuteMs;
    }
  },
};

function labeller(scenario: FraudScenario, availableAt: number): Labeller {
  return (payload, ids) => ({
    messageId: String(payload["messageId"]),
    scenario,
    availableAt,
    ...ids,
  });
}

/** Someone the shop has never seen, and who gives no name. */
function stranger({ random, seed }: FraudContext): Visit {
  return createVisit(random, {
    person: createPerson(seed, 1_000_000_000 + random.below(1_000_000_000)),
    source: direct,
    known: false,
  });
}

function address(random: Random, network: string): string {
  return `${network}.${random.below(256)}.${random.between(1, 254)}`;
}

function chargeBack(
  { random, emit, currency }: FraudContext,
  visit: Visit,
  order: Order,
  at: number,
): void {
  const properties = {
    chargeback_id: `cb-${order.id.slice(2)}`,
    payment_id: order.paymentId,
    order_id: order.id,
    amount: amount(order.totalCents),
    currency,
    card_id: order.cardId,
    reason: "fraudulent",
  };
  emit(at, officeCall(random, at, "chargeback.received", properties, buyer(visit)));
}

function cheapest({ shop }: FraudContext): readonly BasketLine[] {
  return shop.products
    .toSorted((a, b) => a.priceCents - b.priceCents)
    .slice(0, 1)
    .map((product) => ({ product, quantity: 1 }));
}

/** Some of the dearest tenth of what the shop sells. */
function dearest({ random, shop }: FraudContext, count: number): readonly BasketLine[] {
  const dear = shop.products
    .toSorted((a, b) => b.priceCents - a.priceCents)
    .slice(0, Math.max(1, Math.floor(shop.products.length / 10)));
  return Array.from({ length: count }, () => ({ product: random.pick(dear), quantity: 1 }));
}
