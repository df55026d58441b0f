import type { z } from "zod";
import { defineEvent, type EventDefinition } from "../events/event-definition.ts";
import type { EventEntry } from "./event-entry.ts";
import { backOfficeEvents } from "./events/back-office-events.ts";
import { browsingEvents } from "./events/browsing-events.ts";
import { identityEvents } from "./events/identity-events.ts";
import { orderEvents } from "./events/order-events.ts";
import { promotionEvents } from "./events/promotion-events.ts";
import { type CommerceOptions, type Data, idText } from "./normalise.ts";

const catalogue = {
  ...browsingEvents,
  ...promotionEvents,
  ...orderEvents,
  ...identityEvents,
  ...backOfficeEvents,
};

/** As in "order.completed". */
export type CommerceEventType = keyof typeof catalogue;

/** The properties a schema names, without the index signature that lets others pass. */
type Named<T> = { [Name in keyof T as string extends Name ? never : Name]: T[Name] };

/** What a sender may say in an event of the type. */
export type CommerceProperties<Type extends CommerceEventType> = Named<
  z.input<(typeof catalogue)[Type]["schema"]>
>;

/**
 * The e-commerce catalogue: the 28 events of Segment's e-commerce spec v2 (their v2 and v1 names are aliases), identify, page, screen, group
 * and alias, and the back office.
 *
 * @see https://segment.com/docs/connections/spec/ecommerce/v2/
 */
export function createCommerceEvents(options: CommerceOptions = {}): readonly EventDefinition[] {
  return Object.entries<EventEntry>(catalogue).map(([type, entry]) => {
    const { subject, identity, normalise } = entry;
    return defineEvent({
      type,
      version: 1,
      topic: entry.topic,
      description: entry.description,
      aliases: entry.aliases,
      schema: entry.schema,
      ...(subject !== undefined && { subject: (data: Data) => idText(data[subject]) }),
      ...(identity !== undefined && { businessKey: (data: Data) => keyOf(type, identity, data) }),
      ...(normalise !== undefined && { normalise: (data: Data) => normalise(data, options) }),
    });
  });
}

/** The catalogue with US dollars where a sender names no currency. */
export const commerceEvents: readonly EventDefinition[] = createCommerceEvents();

function keyOf(type: string, fields: readonly string[], data: Data): string | undefined {
  const parts = fields.map((field) => idText(data[field]));
  return parts.includes(undefined) ? undefined : [type, ...parts].join("/");
}
