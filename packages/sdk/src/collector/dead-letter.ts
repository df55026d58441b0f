import type { ErrorCode } from "../errors/error-table.ts";
import { attemptsBeforeHeader, onlyForHeader, redrivesHeader } from "../events/redriven.ts";
import type { LogRecord, NewLogRecord } from "../ports/event-log.ts";

export interface DeadLetterReason {
  readonly code: ErrorCode;
  /** JSON pointer into the event. */
  readonly path: string;
  readonly message: string;
}

/** A place in the log. */
export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A record of a dead-letter topic: the original bytes, with why they were refused and where they were to go. */
export interface DeadLetter extends DeadLetterReason {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** All there were, those before it was put back among them. */
  readonly attempts: number;
  readonly failedAt: number;
  /** How often it was put back before. */
  readonly redrives: number;
  /** The consumer group that could not take it; absent where the collector let it in nowhere. */
  readonly consumer?: string;
  /** Where the record is that the consumer could not take; absent where it is none of the log's. */
  readonly origin?: RecordPlace;
  readonly key?: string;
  /** Headers the record has, or would have had. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

const ownHeaders = new Set([
  "topic",
  "code",
  "path",
  "message",
  "attempts",
  "failedat",
  "consumer",
  "topology",
  "origin",
  onlyForHeader,
  redrivesHeader,
  attemptsBeforeHeader,
]);

export function deadLetterRecord(
  bytes: Uint8Array,
  details: DeadLetterReason & {
    readonly topic: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly now: number;
    readonly attempts?: number;
    readonly key?: string | undefined;
  },
): NewLogRecord {
  const { topic, code, path, message, headers, now, attempts = 1, key } = details;
  const before = Number(headers[attemptsBeforeHeader] ?? 0);
  return {
    ...(key !== undefined && { key }),
    value: bytes,
    timestamp: now,
    headers: {
      ...headers,
      topic,
      code,
      path,
      message: message.slice(0, 500),
      attempts: String(before + attempts),
      failedat: String(now),
    },
  };
}

/** The letter of a record that a consumer could not take. One without a place in the log is what the consumer made itself. */
export function deadLetterOf(
  record: Pick<LogRecord, "topic" | "headers" | "value"> & Partial<LogRecord>,
  about: Pick<DeadLetterReason, "code" | "message"> & {
    readonly consumer: string;
    readonly attempts: number;
    readonly now: number;
    readonly headers?: Readonly<Record<string, string>>;
  },
): NewLogRecord {
  const { topic, partition, offset, key, value } = record;
  const { consumer, headers, ...rest } = about;
  return deadLetterRecord(value, {
    ...rest,
    path: "",
    topic,
    key,
    headers: {
      ...headers,
      ...record.headers,
      consumer,
      ...(offset !== undefined && { origin: `${topic}/${partition}/${offset}` }),
    },
  });
}

export function readDeadLetter(record: LogRecord): DeadLetter {
  const { headers, partition, offset, value, key } = record;
  const consumer = headers["consumer"];
  const origin = placeOf(headers["origin"]);
  return {
    topic: headers["topic"] ?? "",
    partition,
    offset,
    code: (headers["code"] ?? "ECAP_INTERNAL") as ErrorCode,
    path: headers["path"] ?? "",
    message: headers["message"] ?? "",
    attempts: Number(headers["attempts"] ?? 1),
    failedAt: Number(headers["failedat"] ?? record.timestamp),
    redrives: Number(headers[redrivesHeader] ?? 0),
    ...(consumer !== undefined && { consumer }),
    ...(origin !== undefined && { origin }),
    ...(key !== undefined && { key }),
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.has(name))),
    bytes: value,
  };
}

function placeOf(text: string | undefined): RecordPlace | undefined {
  const [, topic, partition, offset] = /^(.+)\/(\d+)\/(\d+)$/.exec(text ?? "") ?? [];
  if (topic === undefined) return undefined;
  return { topic, partition: Number(partition), offset: Number(offset) };
}
