import { defineEvent, type EventEnvelope } from "@ecap/sdk";
import { channelOf, isInternalPage } from "@ecap/sdk/commerce";
import { count, first, last, sum, type Topology, topology } from "@ecap/sdk/streams";
import { z } from "zod";

const minuteMs = 60_000;
/** A session ends with this much silence. @see https://support.google.com/analytics/answer/9191807 */
export const sessionGapMs = 30 * minuteMs;

const topic = "customer-analytics";
const text = z.string().optional();

export const sessionEnded = defineEvent({
  type: "customer-sessions.window",
  version: 1,
  topic,
  description:
    "A session is over: what happened in it, from its first event to half an hour after its last",
  schema: z.looseObject({
    key: z.string(),
    windowStart: z.number(),
    windowEnd: z.number(),
    events: z.number(),
    pages: z.number().optional(),
    products_viewed: z.number().optional(),
    added_to_cart: z.number().optional(),
    checkouts: z.number().optional(),
    landing_page: text,
    exit_page: text,
    channel: text,
    country: text,
    customer_id: text,
    anonymous_id: text,
    session_id: text,
    device_id: text,
  }),
});

const counts =
  (...types: readonly string[]) =>
  ({ type }: EventEnvelope): number =>
    types.includes(type) ? 1 : 0;
const pathOf = ({ type, context, data }: EventEnvelope): string | undefined => {
  const path = type === "page.viewed" ? (context.page?.path ?? data["path"]) : undefined;
  return typeof path === "string" && path !== "" ? path : undefined;
};

/** What the summary reads, so that no more goes through the topic of the visits. */
function summarised(event: EventEnvelope): EventEnvelope {
  const { page, campaign, geo } = event.context;
  const path = pathOf(event);
  return {
    ...event,
    context: {
      ...(page && {
        page: { ...(path !== undefined && { path }), referrer: page.referrer, url: page.url },
      }),
      ...(campaign && { campaign }),
      ...(geo && { geo: { country: geo.country } }),
    },
    data: path === undefined ? {} : { path },
  };
}

/**
 * Sessions by what happened, whatever client the events come from: events of one visit no more than half an hour apart. Events go by their
 * visit, since signing in changes what a visitor's events are partitioned by.
 */
export const sessionsTopology: Topology = topology("customer-sessions")
  .from({ topics: ["user-events"] })
  .map(summarised)
  .keyBy(({ actor }) => actor.sessionId ?? actor.anonymousId ?? actor.customerId)
  .rekey({ partitions: 4 })
  .sessionWindow({
    gapMs: sessionGapMs,
    allowedLatenessMs: 5 * minuteMs,
    aggregate: {
      events: count,
      pages: sum(counts("page.viewed", "screen.viewed")),
      products_viewed: sum(counts("product.viewed")),
      added_to_cart: sum(counts("product.added")),
      checkouts: sum(counts("checkout.started")),
      landing_page: first(pathOf),
      exit_page: last(pathOf),
      channel: first(({ context }) => (isInternalPage(context) ? undefined : channelOf(context))),
      country: last(({ context }) => context.geo?.country),
      customer_id: last(({ actor }) => actor.customerId),
      anonymous_id: last(({ actor }) => actor.anonymousId),
      session_id: last(({ actor }) => actor.sessionId),
      device_id: last(({ actor }) => actor.deviceId),
    },
  })
  .to({ topic });
