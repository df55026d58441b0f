import type { EventEnvelope } from "@ecap/sdk";
import { channelOf, multiplyMoney, parseMoney } from "@ecap/sdk/commerce";
import { approxDistinct, count, sum, sumMoney, type Topology, topology } from "@ecap/sdk/streams";
import { type LiveDimension, liveKey, liveTopic } from "./live-events.ts";

const minuteMs = 60_000;
const shared = { emit: "update", updateEveryMs: 1_000, allowedLatenessMs: 2 * minuteMs } as const;
const idleAfterMs = 10_000;

/** Revenue, orders and units a minute, in all and by country, channel and product. */
export const liveOrdersTopology: Topology = topology("bi-live-orders")
  .from({ topics: ["transactions"], idleAfterMs })
  .filter(({ type }) => type === "order.completed")
  .flatMap(contributions)
  .keyBy(({ data }) => String(data["key"]))
  .tumblingWindow({
    sizeMs: minuteMs,
    ...shared,
    aggregate: {
      orders: count,
      units: sum(({ data }) => Number(data["units"])),
      revenue: sumMoney(({ data }) => String(data["amount"])),
    },
  })
  .to({ topic: liveTopic });

/** Sessions with activity in half an hour, in all and by country and channel. */
export const liveVisitsTopology: Topology = topology("bi-live-visits")
  .from({ topics: ["user-events"], idleAfterMs })
  .flatMap((event) =>
    sessionOf(event) === undefined
      ? []
      : placesOf(event).map(([by, value]) => {
          const key = liveKey({ currency: "", by, value });
          return { ...event, data: { key, session: sessionOf(event) } };
        }),
  )
  .keyBy(({ data }) => String(data["key"]))
  .hoppingWindow({
    sizeMs: 30 * minuteMs,
    everyMs: 15 * minuteMs,
    ...shared,
    aggregate: { sessions: approxDistinct(({ data }) => String(data["session"])) },
  })
  .to({ topic: liveTopic });

/** What an order adds to, one event each. */
function contributions(event: EventEnvelope): readonly EventEnvelope[] {
  const { data } = event;
  const currency = textOf(data["currency"]) ?? "";
  const products = Array.isArray(data["products"]) ? (data["products"] as readonly Line[]) : [];
  const units = products.reduce((total, { quantity }) => total + quantityOf(quantity), 0);
  const whole = { amount: data["subtotal"] ?? data["revenue"] ?? "0", units };
  const made = (by: LiveDimension, value: string, figures: object): EventEnvelope => ({
    ...event,
    data: { key: liveKey({ currency, by, value }), ...figures },
  });
  return [
    ...placesOf(event).map(([by, value]) => made(by, value, whole)),
    ...products.slice(0, maxLines).map(({ product_id, sku, price, quantity }) => {
      const bought = quantityOf(quantity);
      const amount = multiplyMoney(parseMoney(price) ?? "0", String(bought));
      return made("product", textOf(product_id) ?? textOf(sku) ?? none, { amount, units: bought });
    }),
  ];
}

interface Line {
  readonly product_id?: unknown;
  readonly sku?: unknown;
  readonly price?: unknown;
  readonly quantity?: unknown;
}

/** Lines of one order that are counted by product; the order's total counts them all. */
const maxLines = 100;

function quantityOf(quantity: unknown): number {
  const number = Number(quantity ?? 1);
  return Number.isFinite(number) ? number : 1;
}

function placesOf({ data, context }: EventEnvelope): ReadonlyArray<[LiveDimension, string]> {
  const country = textOf(data["country"]) ?? context.geo?.country;
  const channel = textOf(data["channel"]) ?? channelOf(context);
  return [
    ["all", ""],
    ["country", country ?? none],
    ["channel", channel ?? none],
  ];
}

/** Stands for a value that is not known. */
const none = "(none)";

function textOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function sessionOf({ actor }: EventEnvelope): string | undefined {
  return actor.sessionId ?? actor.anonymousId ?? actor.customerId;
}
