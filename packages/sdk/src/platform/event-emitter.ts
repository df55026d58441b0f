import { EcapError } from "../errors/ecap-error.ts";
import { isCalendarTime } from "../events/calendar.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import { schemaName } from "../events/event-definition.ts";
import { encodeEvent } from "../events/record-codec.ts";
import type { SchemaRegistry } from "../events/schema-registry.ts";
import { uuidv7 } from "../events/uuid.ts";
import type { ProducerWatch } from "../health/producer-watch.ts";
import type { PluginContext } from "../plugin/plugin-context.ts";
import type { PortTable } from "./merge-adapters.ts";

/** Appends events the platform itself makes, checked against their schemas like anybody's. */
export function createEmitter(
  ports: PortTable,
  registry: SchemaRegistry,
  producers: ProducerWatch,
): PluginContext["emit"] {
  return async (given) => {
    const definition = registry.get(given.type);
    if (definition === undefined)
      throw new EcapError("ECAP_SCHEMA_UNKNOWN", `nothing declares the event "${given.type}"`);
    const parsed = definition.schema.safeParse(given.data);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new EcapError(
        "ECAP_EVENT_INVALID",
        `event "${given.type}": ${issue?.message ?? "invalid"}`,
        { path: `/data/${issue?.path.join("/") ?? ""}` },
      );
    }
    const now = ports.get("clock", "the platform").now();
    const event: EventEnvelope = {
      id: uuidv7(now),
      source: "ecap",
      time: now,
      receivedAt: now,
      actor: {},
      context: {},
      dataschema: schemaName(definition),
      ...given,
    };
    if (!isCalendarTime(event.time))
      throw new EcapError(
        "ECAP_EVENT_INVALID",
        `event "${given.type}": its time lies outside the years 1900 to 2199`,
        { path: "/time", received: event.time },
      );
    const log = ports.get("eventLog", `emitting "${given.type}"`);
    await producers.watched("platform", log).append(definition.topic, [encodeEvent(event)]);
    return event.id;
  };
}
