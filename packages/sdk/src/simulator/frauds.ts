import { cheapest, dearest, fillBasket } from "./baskets.ts";
import { createCard, createDevice, createPerson, type Person } from "./customers.ts";
import { type JourneyContext, traitsOf } from "./journeys.ts";
import type { FraudScenario } from "./options.ts";
import {
  buyer,
  createOrder,
  fulfilOrder,
  type Labeller,
  neverCame,
  type Order,
  paymentCall,
  placeOrder,
  refundCall,
} from "./orders.ts";
import { addressIn, distantPlaces, type Place, placesAbroad } from "./places.ts";
import { hex32, type Random } from "./random.ts";
import { type Source, sources } from "./shop.ts";
import { amount, createVisit, officeCall, type Visit, visitCall } from "./visit.ts";

const secondMs = 1000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 86_400_000;

export interface FraudContext extends JourneyContext {
  readonly seed: string | number;
  /** A customer who bought of late. */
  readonly victim: () => Person;
}

/** Plays one incident that begins at the instant. Everything of it that moves money is labelled. */
export type Incident = (context: FraudContext, at: number) => void;

const direct: Source = sources[0] ?? { weight: 1, returningWeight: 1 };

export const incidents: Readonly<Record<FraudScenario, Incident>> = {
  /** Stolen card numbers are tried with small amounts, a few on each device and address; most are refused. */
  card_testing(context, at) {
    const { random, shop } = context;
    const label = labeller("card_testing", at + random.between(1, 10) * dayMs);
    let time = at;
    for (let tries = random.between(9, 15); tries > 0; ) {
      const visit = stranger(context, { known: false });
      for (let here = Math.min(tries, random.between(3, 5)); here > 0; here -= 1, tries -= 1) {
        time += random.between(20, 240) * secondMs;
        const card = createCard(random, random.pick(["US", "GB", "FR", "DE"]));
        const order = createOrder(random, visit, cheapest(random, shop), { card });
        if (random.chance(0.15)) placeOrder(context, visit, order, time, label);
        else refuse(context, visit, order, time, label);
      }
    }
  },

  /** A customer's account and card, from another device in another country; the parcel goes there, or where it can be picked up at home. */
  account_takeover(context, at) {
    const { random, shop, emit, origin } = context;
    const person = context.victim();
    const places = random.chance(0.5) ? distantPlaces : placesAbroad(person.home, { near: true });
    const visit = thiefAs(random, person, random.pick(places));
    const traits = { ...traitsOf(visit), email: `x${hex32(random.bits())}@mail.example` };
    emit(at, visitCall(random, visit, at, { type: "identify", traits, url: `${origin}/account` }));
    const order = createOrder(random, visit, dearest(random, shop, random.between(1, 2)), {
      deliveredTo: random.chance(0.5) ? person.home.country : visit.place.country,
    });
    const disputedAt = at + random.between(5, 30) * dayMs;
    const orderedAt = at + random.between(2, 15) * minuteMs;
    placeOrder(context, visit, order, orderedAt, labeller("account_takeover", disputedAt));
    chargeBack(context, visit, order, disputedAt);
  },

  /** A newcomer pays much with a card of somebody else, of another country or of this one; some try several cards, or buy again. */
  stolen_card(context, at) {
    const { random, shop } = context;
    const visit = stranger(context, { known: random.chance(0.5) });
    const { home } = visit.person;
    const disputedAt = at + random.between(10, 40) * dayMs;
    const label = labeller("stolen_card", disputedAt);
    const orderWith = (): Order => {
      const country = random.chance(0.5) ? home.country : random.pick(placesAbroad(home)).country;
      const lines = dearest(random, shop, random.between(1, 3));
      return createOrder(random, visit, lines, { card: createCard(random, country) });
    };
    let time = at;
    for (let left = random.chance(0.7) ? random.between(1, 3) : 0; left > 0; left -= 1) {
      refuse(context, visit, orderWith(), time, label);
      time += random.between(1, 5) * minuteMs;
    }
    const { card } = orderWith();
    for (let left = random.pick([1, 1, 2, 3]); left > 0; left -= 1) {
      const order = { ...orderWith(), card };
      placeOrder(context, visit, order, time, label);
      chargeBack(context, visit, order, disputedAt);
      time += random.between(10, 300) * minuteMs;
    }
  },

  /** Many orders with one card within the hour, from two devices. */
  velocity_burst(context, at) {
    const { random, shop } = context;
    const first = stranger(context, { known: random.chance(0.5) });
    const { person, place, known } = first;
    const second = createVisit(random, {
      person,
      place,
      known,
      source: direct,
      device: createDevice(random),
      ip: addressIn(place, random),
    });
    const label = labeller("velocity_burst", at + random.between(3, 20) * dayMs);
    let time = at;
    for (let left = random.between(7, 13); left > 0; left -= 1) {
      const visit = random.pick([first, second]);
      const lines = fillBasket(random, shop, random.below(8), 2);
      placeOrder(context, visit, createOrder(random, visit, lines), time, label);
      time += random.between(60, 480) * secondMs;
    }
  },

  /** A customer orders at home, and within the hour in another country. */
  impossible_travel(context, at) {
    const { random, shop } = context;
    const person = context.victim();
    const home = createVisit(random, { person, source: direct, known: true });
    const honest = createOrder(random, home, fillBasket(random, shop, person.favourite, 1));
    placeOrder(context, home, honest, at);
    fulfilOrder(context, home, honest, at);
    const places = random.chance(0.5) ? distantPlaces : placesAbroad(person.home);
    const away = thiefAs(random, person, random.pick(places));
    const laterAt = at + random.between(20, 50) * minuteMs;
    const order = createOrder(random, away, dearest(random, shop, random.between(1, 2)), {
      deliveredTo: away.place.country,
    });
    const disputedAt = at + random.between(5, 30) * dayMs;
    placeOrder(context, away, order, laterAt, labeller("impossible_travel", disputedAt));
    chargeBack(context, away, order, disputedAt);
  },

  /** A customer who says of every order that it never came, and buys again as soon as the money is back. */
  refund_abuse(context, at) {
    const { random, shop, emit } = context;
    const visit = stranger(context, { known: true });
    let time = at;
    for (let left = random.between(3, 6); left > 0; left -= 1) {
      const refundedAt = time + random.between(2, 6) * dayMs;
      const label = labeller("refund_abuse", refundedAt + 10 * dayMs);
      const order = createOrder(random, visit, dearest(random, shop, 1));
      placeOrder(context, visit, order, time, label);
      const claim = { lines: order.lines, reason: neverCame };
      const refund = refundCall(context, visit, order, refundedAt, claim);
      emit(refundedAt, refund, label(refund, { orderId: order.id }));
      time = refundedAt + random.between(6, 72) * hourMs;
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

/** Someone the shop has never seen, with a new account or as a guest. */
function stranger({ random, seed }: FraudContext, { known }: { readonly known: boolean }): Visit {
  const person = createPerson(seed, 1_000_000_000 + random.below(1_000_000_000));
  return createVisit(random, { person, source: direct, known });
}

/** Someone in a customer's account. */
function thiefAs(random: Random, person: Person, place: Place): Visit {
  return createVisit(random, {
    person,
    place,
    source: direct,
    known: true,
    device: createDevice(random),
    ip: addressIn(place, random),
  });
}

function refuse(
  context: FraudContext,
  visit: Visit,
  order: Order,
  at: number,
  label: Labeller,
): void {
  const failure = context.random.pick(["do_not_honour", "invalid_cvc", "stolen_card"]);
  const failed = paymentCall(context, visit, order, at, "payment.failed", {
    failure_code: failure,
  });
  context.emit(at, failed, label(failed, { orderId: order.id, paymentId: order.paymentId }));
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
    card_id: order.card.id,
    reason: "fraudulent",
  };
  emit(at, officeCall(random, at, "chargeback.received", properties, buyer(visit)));
}
