import type { LogRecord, NewLogRecord } from "../ports/event-log.ts";
import { isCalendarTime } from "./calendar.ts";
import {
  type Dialect,
  mergeDefaults,
  nativeDialect,
  object,
  type RawEvent,
  type RawObject,
} from "./dialect.ts";
import type { EventEnvelope } from "./envelope.ts";
import { schemaName } from "./event-definition.ts";
import type { SchemaRegistry } from "./schema-registry.ts";

/** What the door knows of a record and the bytes do not say; kept as the record's headers. */
export interface RecordMeta {
  readonly tenant: string;
  readonly source: string;
  readonly dialect: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** When the batch was sent by the sender's clock, epoch milliseconds. */
  readonly sentAt?: number | undefined;
  /** Members every event takes over where it lacks them. */
  readonly defaults?: RawObject | undefined;
  /** Properties the schema does not know are left out when the record is read. */
  readonly dropUnplanned?: boolean;
}

export function recordHeaders(meta: RecordMeta): Readonly<Record<string, string>> {
  return {
    tenant: meta.tenant,
    source: meta.source,
    dialect: meta.dialect,
    receivedat: String(meta.receivedAt),
    ...(meta.sentAt !== undefined && { sentat: String(meta.sentAt) }),
    ...(meta.defaults !== undefined && { defaults: JSON.stringify(meta.defaults) }),
    ...(meta.dropUnplanned === true && { unplanned: "drop" }),
  };
}

/**
 * Event time: the sender's claim with its clock error taken off, which is arrival − (sent − claimed).
 *
 * @see https://segment.com/docs/connections/spec/common/#timestamps
 */
export function correctTime(
  claimed: unknown,
  sentAt: number | undefined,
  receivedAt: number,
): number {
  const time = parseTime(claimed);
  if (time === undefined) return receivedAt;
  return sentAt === undefined ? time : receivedAt - (sentAt - time);
}

/** RFC 3339 text or epoch milliseconds, as epoch milliseconds; undefined where it is neither. */
export function parseTime(value: unknown): number | undefined {
  const time =
    typeof value === "string" ? Date.parse(value) : typeof value === "number" ? value : Number.NaN;
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? time : undefined;
}

/** Reads a record of the log as an event; undefined where the bytes are no event, or one of a time that no calendar holds. */
export type RecordDecoder = (record: LogRecord) => EventEnvelope | undefined;

const utf8 = new TextDecoder();
const encoder = new TextEncoder();

export function createRecordDecoder(
  registry: SchemaRegistry,
  dialects: readonly Dialect[] = [],
): RecordDecoder {
  const byName = new Map([nativeDialect, ...dialects].map((dialect) => [dialect.name, dialect]));
  return (record) => {
    const dialect = byName.get(record.headers["dialect"] ?? nativeDialect.name);
    if (dialect === undefined) return undefined;
    try {
      const own = object(JSON.parse(utf8.decode(record.value)));
      const { defaults } = record.headers;
      const raw = defaults === undefined ? own : mergeDefaults(object(JSON.parse(defaults)), own);
      const event = dialect.read(raw);
      return event === undefined
        ? undefined
        : toEnvelope(record, event, dialect.context(raw), registry);
    } catch {
      // No JSON, or data that the code of its type cannot read: no event, whoever put it into the log.
      return undefined;
    }
  };
}

function toEnvelope(
  record: LogRecord,
  event: RawEvent,
  context: EventEnvelope["context"],
  registry: SchemaRegistry,
): EventEnvelope | undefined {
  const { headers, topic, partition, offset } = record;
  const receivedAt = Number(headers["receivedat"] ?? record.timestamp);
  const sentAt =
    parseTime(event.sentAt) ??
    (headers["sentat"] === undefined ? undefined : Number(headers["sentat"]));
  const time = correctTime(event.time, sentAt, receivedAt);
  if (!isCalendarTime(time)) return undefined;
  const definition = registry.resolve(event.name);
  let data = object(event.data);
  if (definition !== undefined) {
    if (headers["unplanned"] === "drop")
      data = plannedOnly(data, registry.jsonSchema(definition).properties ?? {});
    if (definition.normalise !== undefined) data = object(definition.normalise(data).data);
  }
  const subject = definition?.subject?.(data);
  return {
    id: event.id ?? `${topic}-${partition}-${offset}`,
    type: definition?.type ?? event.name,
    source: headers["source"] ?? "unknown",
    tenant: headers["tenant"] ?? "default",
    time,
    receivedAt,
    ...(definition !== undefined && { dataschema: schemaName(definition) }),
    ...(subject !== undefined && { subject }),
    sequence: { topic, partition, offset },
    actor: event.actor,
    context,
    data,
  };
}

function plannedOnly(
  data: Readonly<Record<string, unknown>>,
  properties: object,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(data).filter(([name]) => Object.hasOwn(properties, name)),
  );
}

/** An event made by the platform itself, as a record. */
export function encodeEvent(event: EventEnvelope): NewLogRecord {
  const { id, type, source, tenant, time, receivedAt, dataschema, subject, actor, context, data } =
    event;
  const body = {
    specversion: "1.0",
    id,
    type,
    source,
    time: new Date(time).toISOString(),
    dataschema,
    subject,
    actor,
    context,
    data,
  };
  return {
    key: partitionKey(event),
    value: encoder.encode(JSON.stringify(body)),
    headers: recordHeaders({ tenant, source, dialect: nativeDialect.name, receivedAt }),
    timestamp: time,
  };
}

/** What keeps a person's events in order: the customer, else the device's id, else the event alone. */
export function partitionKey(event: {
  readonly id?: string | undefined;
  readonly actor: EventEnvelope["actor"];
}): string {
  return (
    event.actor.customerId ?? event.actor.anonymousId ?? event.actor.deviceId ?? event.id ?? ""
  );
}
