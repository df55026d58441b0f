import { defineEvent } from "@ecap/sdk";
import { z } from "zod";

/** The topic of the live metrics: results that change while their window is open, and the last of each. */
export const liveTopic = "live-metrics";

/** What a live metric is split by; `all` is the whole shop. */
export const liveDimensions = ["all", "country", "channel", "product"] as const;
export type LiveDimension = (typeof liveDimensions)[number];

const window = {
  /** `<currency>|<dimension>|<value>`, of visits `|<dimension>|<value>`. */
  key: z.string(),
  windowStart: z.number(),
  windowEnd: z.number(),
  /** Each partition of the input gives its share; the shares add up. */
  topic: z.string(),
  partition: z.number(),
  final: z.boolean(),
};

export const liveOrders = defineEvent({
  type: "bi-live-orders.window",
  version: 1,
  topic: liveTopic,
  description: "Orders, units and revenue of one minute, by currency and dimension",
  schema: z.object({
    ...window,
    orders: z.number(),
    units: z.number().optional(),
    revenue: z.string(),
  }),
});

export const liveVisits = defineEvent({
  type: "bi-live-visits.window",
  version: 1,
  topic: liveTopic,
  description: "Sessions with activity in half an hour, by dimension",
  schema: z.object({ ...window, sessions: z.number() }),
});

export interface LiveKey {
  readonly currency: string;
  readonly by: LiveDimension;
  readonly value: string;
}

export function liveKey({ currency, by, value }: LiveKey): string {
  return `${currency}|${by}|${value}`;
}

export function parseLiveKey(key: string): LiveKey {
  const [currency = "", by = "all", ...value] = key.split("|");
  return { currency, by: by as LiveDimension, value: value.join("|") };
}
