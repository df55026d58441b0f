import { commerceEvents } from "../../src/commerce/index.ts";
import type { EventEnvelope } from "../../src/events/envelope.ts";
import { createSchemaRegistry, type SchemaRegistry } from "../../src/events/schema-registry.ts";

export function commerceRegistry(): SchemaRegistry {
  const registry = createSchemaRegistry();
  for (const definition of commerceEvents) registry.register(definition);
  return registry;
}

/** An event with its data normalised, as the log gives it. */
export function event(
  type: string,
  data: Readonly<Record<string, unknown>>,
  rest: Partial<EventEnvelope> = {},
): EventEnvelope {
  const definition = commerceEvents.find((candidate) => candidate.type === type);
  const normalised = definition?.normalise?.(data).data ?? data;
  return {
    id: "e1",
    type,
    source: "test",
    tenant: "acme",
    time: Date.UTC(2026, 0, 2),
    receivedAt: Date.UTC(2026, 0, 2),
    actor: { customerId: "c1" },
    context: {},
    data: Object(normalised),
    ...rest,
  };
}
