import type { ErrorCode } from "../errors/error-table.ts";
import type { LogRecord, NewLogRecord } from "../ports/event-log.ts";

export interface DeadLetterReason {
  readonly code: ErrorCode;
  /** JSON pointer into the event. */
  readonly path: string;
  readonly message: string;
}

/** A record of a dead-letter topic: the original bytes, with why they were refused and where they were to go. */
export interface DeadLetter extends DeadLetterReason {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly attempts: number;
  readonly failedAt: number;
  /** Headers the record would have had. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

const ownHeaders = ["topic", "code", "path", "message", "attempts", "failedat"];

export function deadLetterRecord(
  bytes: Uint8Array,
  details: DeadLetterReason & {
    readonly topic: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly now: number;
    readonly attempts?: number;
  },
): NewLogRecord {
  const { topic, code, path, message, headers, now, attempts = 1 } = details;
  return {
    value: bytes,
    timestamp: now,
    headers: {
      ...headers,
      topic,
      code,
      path,
      message: message.slice(0, 500),
      attempts: String(attempts),
      failedat: String(now),
    },
  };
}

export function readDeadLetter(record: LogRecord): DeadLetter {
  const { headers, partition, offset, value } = record;
  return {
    topic: headers["topic"] ?? "",
    partition,
    offset,
    code: (headers["code"] ?? "ECAP_INTERNAL") as ErrorCode,
    path: headers["path"] ?? "",
    message: headers["message"] ?? "",
    attempts: Number(headers["attempts"] ?? 1),
    failedAt: Number(headers["failedat"] ?? record.timestamp),
    headers: Object.fromEntries(
      Object.entries(headers).filter(([name]) => !ownHeaders.includes(name)),
    ),
    bytes: value,
  };
}
