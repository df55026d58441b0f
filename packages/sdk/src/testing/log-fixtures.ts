import type { EventLog, LogRecord, NewLogRecord } from "../ports/event-log.ts";

let made = 0;

/** A name that no other test of this run uses, so that suites share one real service. */
export function uniqueName(what: string): string {
  made += 1;
  return `${what}-${Date.now().toString(36)}-${process.pid.toString(36)}-${made}`;
}

export function textRecord(text: string, fields: Partial<NewLogRecord> = {}): NewLogRecord {
  return { value: new TextEncoder().encode(text), timestamp: 1_700_000_000_000, ...fields };
}

export function textOf(record: Pick<LogRecord, "value">): string {
  return new TextDecoder().decode(record.value);
}

/** Every record the topic holds, partition by partition. */
export async function readTopic(eventLog: EventLog, topic: string): Promise<readonly LogRecord[]> {
  const found: LogRecord[] = [];
  for (const { partition, earliest, next } of await eventLog.offsets(topic)) {
    let from = earliest;
    while (from < next) {
      const records = await eventLog.read(topic, partition, from, { waitMs: 1_000 });
      const last = records.at(-1);
      if (last === undefined) break;
      found.push(...records);
      from = last.offset + 1;
    }
  }
  return found;
}
