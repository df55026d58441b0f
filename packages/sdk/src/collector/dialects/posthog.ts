import { type Dialect, object, type RawObject, text } from "../../events/dialect.ts";
import type { Actor } from "../../events/envelope.ts";
import { contextOf } from "./segment.ts";

/**
 * PostHog's capture API. `$` properties of the client go to the context, the rest is the event's data.
 *
 * @see https://posthog.com/docs/api/capture
 */
export const posthogDialect: Dialect = {
  name: "posthog",
  read(raw) {
    const name = text(raw["event"]);
    if (name === undefined) return undefined;
    const properties = object(raw["properties"]);
    return {
      id: text(raw["uuid"]),
      name: name === "$pageview" ? "page" : name,
      data: dataOf(name, properties, raw),
      time: raw["timestamp"],
      sentAt: undefined,
      actor: actorOf(raw, properties),
    };
  },
  context(raw) {
    const properties = object(raw["properties"]);
    return contextOf(
      {
        ip: properties["$ip"],
        userAgent: properties["$raw_user_agent"] ?? properties["$user_agent"],
        page: {
          url: properties["$current_url"],
          path: properties["$pathname"],
          title: properties["title"],
          referrer: properties["$referrer"],
        },
        campaign: {
          name: properties["utm_campaign"],
          source: properties["utm_source"],
          medium: properties["utm_medium"],
        },
      },
      {},
    );
  },
};

function dataOf(name: string, properties: RawObject, raw: RawObject): RawObject {
  if (name === "$identify" || name === "$set") return object(raw["$set"] ?? properties["$set"]);
  if (name === "$groupidentify")
    return { group_id: properties["$group_key"], ...object(properties["$group_set"]) };
  if (name === "$create_alias")
    return { previous_id: properties["distinct_id"], alias: properties["alias"] };
  return Object.fromEntries(
    Object.entries(properties).filter(([property]) => !property.startsWith("$")),
  );
}

function actorOf(raw: RawObject, properties: RawObject): Actor {
  const id = text(raw["distinct_id"]) ?? text(properties["distinct_id"]);
  const anonymous =
    properties["$process_person_profile"] === false && properties["$is_identified"] !== true;
  return {
    ...(anonymous ? { anonymousId: id } : { customerId: id }),
    ...(text(properties["$anon_distinct_id"]) !== undefined && {
      anonymousId: text(properties["$anon_distinct_id"]),
    }),
    sessionId: text(properties["$session_id"]),
    deviceId: text(properties["$device_id"]),
  };
}
