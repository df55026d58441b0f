import type { EventEnvelope } from "../events/envelope.ts";
import type { LogRecord } from "../ports/event-log.ts";
import type { Row } from "../ports/table-store.ts";
import type { LakeTable } from "./lake-table.ts";

const utf8 = new TextDecoder();
const dayMs = 86_400_000;
const dates = new Map<number, string>();

/** UTC date of an instant, as "YYYY-MM-DD". Days recur, so their names are kept. */
export function utcDate(time: number): string {
  const day = Math.floor(time / dayMs);
  let name = dates.get(day);
  if (name === undefined) {
    name = new Date(day * dayMs).toISOString().slice(0, 10);
    if (dates.size > 10_000) dates.clear();
    dates.set(day, name);
  }
  return name;
}

/** One literal, since most rows of a busy shop are made here. */
export function bronzeRow(record: LogRecord, event: EventEnvelope): Row {
  const { actor } = event;
  return {
    tenant: event.tenant,
    date: utcDate(event.time),
    event_id: event.id,
    event_time: event.time,
    arrival_time: event.receivedAt,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    type: event.type,
    source: event.source,
    subject: event.subject,
    customer_id: actor.customerId,
    anonymous_id: actor.anonymousId,
    session_id: actor.sessionId,
    payload: utf8.decode(record.value),
  };
}

export function typedRows(
  table: LakeTable,
  record: LogRecord,
  event: EventEnvelope,
): readonly Row[] {
  return table.rows(event).map((own) => {
    const time = typeof own["event_time"] === "number" ? own["event_time"] : event.time;
    return withLineage(own, record, event, time);
  });
}

/**
 * The copy does not come first: what is named after a copy that begins a literal can cost Node.js 20 two microseconds and a kilobyte each (docs/performance.md).
 */
function withLineage(own: Row, record: LogRecord, event: EventEnvelope, time: number): Row {
  return {
    arrival_time: event.receivedAt,
    ...own,
    tenant: event.tenant,
    date: utcDate(time),
    event_id: event.id,
    event_time: time,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
  };
}
