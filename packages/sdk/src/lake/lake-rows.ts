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

function lineage(
  record: LogRecord,
  event: EventEnvelope,
  time: number,
): Record<string, Row[string]> {
  return {
    tenant: event.tenant,
    date: utcDate(time),
    event_id: event.id,
    event_time: time,
    arrival_time: event.receivedAt,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
  };
}

export function bronzeRow(record: LogRecord, event: EventEnvelope): Row {
  const row = lineage(record, event, event.time);
  row["type"] = event.type;
  row["source"] = event.source;
  row["subject"] = event.subject;
  row["customer_id"] = event.actor.customerId;
  row["anonymous_id"] = event.actor.anonymousId;
  row["session_id"] = event.actor.sessionId;
  row["payload"] = utf8.decode(record.value);
  return row;
}

export function typedRows(
  table: LakeTable,
  record: LogRecord,
  event: EventEnvelope,
): readonly Row[] {
  return table.rows(event).map((own) => {
    const time = typeof own["event_time"] === "number" ? own["event_time"] : event.time;
    const row = Object.assign(lineage(record, event, time), own);
    row["event_time"] = time;
    return row;
  });
}
