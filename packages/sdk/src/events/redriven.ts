import type { LogRecord } from "../ports/event-log.ts";

/** The consumer group a record is for alone: it is sent again because that one could not take it, and the others did. */
export const onlyForHeader = "onlyfor";
/** How often the record was put back from the dead letters. */
export const redrivesHeader = "redrives";
/** Attempts at it before it was put back. */
export const attemptsBeforeHeader = "attemptsbefore";

/** Whether the consumer group is to take the record. */
export function isFor({ headers }: Pick<LogRecord, "headers">, group: string): boolean {
  const only = headers[onlyForHeader];
  return only === undefined || only === group;
}
