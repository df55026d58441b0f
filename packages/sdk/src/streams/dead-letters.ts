import { type DeadLetterReason, deadLetterOf } from "../collector/dead-letter.ts";
import { isEcapError } from "../errors/ecap-error.ts";
import { deadLetterTopic } from "../events/topics.ts";
import { topologyGroup } from "../ports/committer.ts";
import type { LogRecord, NewLogRecord } from "../ports/event-log.ts";

export type Reason = Pick<DeadLetterReason, "code" | "message">;

/** What is put to the dead letters: a record, or what a leg made of one, which has no place in the log. */
export type Buried = Pick<LogRecord, "topic" | "headers" | "value"> & Partial<LogRecord>;

/** The record for the dead-letter topic: the original bytes, with the reason. */
export function deadLetter(
  record: Buried,
  details: Reason & {
    readonly topology: string;
    readonly leg: string;
    readonly attempts: number;
    readonly now: number;
  },
): { topic: string; record: NewLogRecord } {
  const { topology, leg, ...rest } = details;
  const about = { ...rest, consumer: topologyGroup(leg), headers: { topology } };
  return { topic: deadLetterTopic(record.topic), record: deadLetterOf(record, about) };
}

export function reasonOf(error: unknown): Reason {
  const message = error instanceof Error ? error.message : String(error);
  return { code: isEcapError(error) ? error.code : "ECAP_PLUGIN_FAILED", message };
}

/** Whether waiting can mend it, so that nothing is wrong with the record. */
export function passes(error: unknown): boolean {
  return (
    isEcapError(error) &&
    error.retryable &&
    error.code !== "ECAP_PLUGIN_FAILED" &&
    error.code !== "ECAP_PLUGIN_TIMEOUT" &&
    error.code !== "ECAP_INTERNAL"
  );
}
