import type { Faults } from "./options.ts";
import { type Random, randomUuid } from "./random.ts";
import type { Payload, SimulatedEvent } from "./simulated-event.ts";

/** The event as it is delivered, and what is delivered besides. */
export function deliver(
  random: Random,
  faults: Faults,
  event: SimulatedEvent,
): readonly SimulatedEvent[] {
  const { malformed = 0, late = 0, duplicate = 0, outOfOrder = 0 } = faults;
  const { at } = event;
  let delivered = event;
  if (random.chance(late))
    delivered = {
      ...event,
      at: at + Math.min(172_800_000, Math.round(random.exponential(7_200_000))),
      fault: "late",
    };
  else if (random.chance(outOfOrder))
    delivered = { ...event, at: at + random.between(1000, 30_000), fault: "out_of_order" };
  const result = [delivered];
  if (random.chance(duplicate))
    result.push({
      at: delivered.at + random.between(1, 600_000),
      payload: event.payload,
      fault: "duplicate",
    });
  if (random.chance(malformed))
    result.push({ at, payload: spoil(random, event.payload, at), fault: "malformed" });
  return result;
}

type Spoiler = (payload: Payload) => Payload;

const spoilers: readonly Spoiler[] = [
  (payload) => ({ ...payload, timestamp: "yesterday" }),
  (payload) => ({ ...payload, type: undefined }),
  (payload) => ({
    ...payload,
    type: "track",
    event: "Order Completed",
    properties: { order_id: true, total: "twelve", products: "none" },
  }),
  (payload) => ({
    ...payload,
    type: "track",
    event: "payment.captured",
    properties: { amount: null },
  }),
  (payload) => ({
    ...payload,
    type: "track",
    event: "Order Completed",
    properties: ["not", "an", "object"],
  }),
  (payload) => ({
    ...payload,
    type: "track",
    event: "price.updated",
    properties: { product_id: "p-0001", price: "1e400" },
  }),
];

/** A further event, with an id of its own, that no schema accepts. */
function spoil(random: Random, payload: Payload, at: number): Payload {
  return { ...random.pick(spoilers)(payload), messageId: randomUuid(random, at) };
}
