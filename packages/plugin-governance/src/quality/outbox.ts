import { type EventDefinition, type EventEnvelope, encodeEvent, schemaName } from "@ecap/sdk";
import type { ProcessContext } from "@ecap/sdk/streams";
import { type Alert, alertRaised, alertResolved, type ResolvedAlert } from "./quality-events.ts";

/** What a batch of the judge tells the world, each event with an id that a replay gives it again. */
export interface Outbox {
  emit(definition: EventDefinition, tenant: string, data: Readonly<Record<string, unknown>>): void;
  raise(tenant: string, alert: Omit<Alert, "alertId" | "historical">): Alert;
  resolve(tenant: string, alert: Alert, end: Pick<ResolvedAlert, "until" | "reason">): void;
}

/** An alert of a time so long before the clock is one of history. */
const historicalMs = 6 * 3_600_000;

export function createOutbox(
  { emit, derivedId }: Pick<ProcessContext, "emit" | "derivedId">,
  { parent, now }: { readonly parent: string; readonly now: number },
): Outbox {
  let position = 0;
  const nextId = (): string => {
    position += 1;
    return derivedId(parent, position);
  };
  const outbox: Outbox = {
    emit(definition, tenant, data) {
      const subject = definition.subject?.(data);
      const event: EventEnvelope = {
        id: nextId(),
        type: definition.type,
        source: "ecap/governance",
        tenant,
        time: now,
        receivedAt: now,
        dataschema: schemaName(definition),
        ...(subject !== undefined && { subject }),
        actor: {},
        context: {},
        data,
      };
      emit(definition.topic, encodeEvent(event));
    },
    raise(tenant, given) {
      const historical = now - given.since > historicalMs;
      const alert: Alert = { alertId: nextId(), ...given, historical };
      outbox.emit(alertRaised, tenant, alert);
      return alert;
    },
    resolve(tenant, alert, end) {
      outbox.emit(alertResolved, tenant, { ...alert, ...end });
    },
  };
  return outbox;
}
