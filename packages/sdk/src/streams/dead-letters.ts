import { deadLetterRecord } from "../collector/dead-letter.ts";
import { isEcapError } from "../errors/ecap-error.ts";
import { deadLetterTopic } from "../events/topics.ts";
import type { LogRecord, NewLogRecord } from "../ports/event-log.ts";

export type Reason = Pick<Parameters<typeof deadLetterRecord>[1], "code" | "message">;

/** The record for the dead-letter topic: the original bytes, with the reason. */
export function deadLetter(
  { topic, headers, value }: Pick<LogRecord, "topic" | "headers" | "value">,
  details: Reason & { readonly topology: string; readonly attempts: number; readonly now: number },
): { topic: string; record: NewLogRecord } {
  const { topology, ...rest } = details;
  const letter = { ...rest, path: "", topic, headers: { ...headers, topology } };
  return { topic: deadLetterTopic(topic), record: deadLetterRecord(value, letter) };
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
