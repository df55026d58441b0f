import { type Dialect, object, type RawEvent, type RawObject, text } from "../../events/dialect.ts";
import type { Actor, EventContext } from "../../events/envelope.ts";

/**
 * Segment's HTTP tracking API, which RudderStack's speaks too (it adds `originalTimestamp` and a `sentAt` an event).
 *
 * @see https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
 */
export const segmentDialect: Dialect = {
  name: "segment",
  read(raw) {
    const type = text(raw["type"]);
    const name = type === "track" ? text(raw["event"]) : type;
    if (name === undefined) return undefined;
    return {
      id: text(raw["messageId"]),
      name,
      data: dataOf(raw, type),
      time: raw["originalTimestamp"] ?? raw["timestamp"],
      sentAt: raw["sentAt"],
      actor: actorOf(raw),
    } satisfies RawEvent;
  },
  context: (raw) => contextOf(object(raw["context"]), object(raw["properties"])),
};

function dataOf(raw: RawObject, type: string | undefined): unknown {
  switch (type ?? "track") {
    case "identify":
      return raw["traits"] ?? object(raw["context"])["traits"] ?? {};
    case "group":
      return { group_id: raw["groupId"], ...object(raw["traits"]) };
    case "alias":
      return { previous_id: raw["previousId"] };
    case "page":
    case "screen":
      return raw["name"] === undefined && raw["category"] === undefined
        ? (raw["properties"] ?? {})
        : {
            name: raw["name"] ?? undefined,
            category: raw["category"] ?? undefined,
            ...object(raw["properties"]),
          };
    default:
      return raw["properties"] ?? {};
  }
}

function actorOf(raw: RawObject): Actor {
  const context = object(raw["context"]);
  const device = object(context["device"]);
  return {
    customerId: text(raw["userId"]),
    anonymousId: text(raw["anonymousId"]),
    sessionId: text(context["sessionId"]),
    deviceId: text(device["id"]),
  };
}

/** The parts of Segment's context that ECAP knows by another name. */
export function contextOf(context: RawObject, properties: RawObject): EventContext {
  const page = object(context["page"]);
  const campaign = object(context["campaign"]);
  const location = object(context["location"]);
  const known = {
    ip: text(context["ip"]),
    userAgent: text(context["userAgent"]),
    locale: text(context["locale"]),
    page: filled({
      url: text(page["url"]) ?? text(properties["url"]),
      path: text(page["path"]) ?? text(properties["path"]),
      title: text(page["title"]) ?? text(properties["title"]),
      referrer: text(page["referrer"]) ?? text(properties["referrer"]),
    }),
    campaign: filled({
      name: text(campaign["name"]),
      source: text(campaign["source"]),
      medium: text(campaign["medium"]),
      term: text(campaign["term"]),
      content: text(campaign["content"]),
    }),
    geo: filled({
      country: text(location["country"]),
      region: text(location["region"]),
      city: text(location["city"]),
      latitude: finite(location["latitude"]),
      longitude: finite(location["longitude"]),
    }),
    consent: consentOf(object(context["consent"])["categoryPreferences"]),
  };
  return filled(known) ?? {};
}

/** The object, or undefined where every member of it is. */
function filled<T extends object>(value: T): T | undefined {
  for (const name in value) if (value[name] !== undefined) return value;
  return undefined;
}

function consentOf(preferences: unknown): EventContext["consent"] {
  if (preferences === undefined) return undefined;
  const given = Object.entries(object(preferences));
  return filled(
    Object.fromEntries(
      given.flatMap(([category, allowed]) =>
        typeof allowed === "boolean" ? [[category, allowed] as const] : [],
      ),
    ),
  );
}

function finite(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
