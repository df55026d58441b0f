import { EcapError } from "../errors/ecap-error.ts";
import type { ErrorCode } from "../errors/error-table.ts";
import { isCalendarTime } from "../events/calendar.ts";
import { object, type RawEvent } from "../events/dialect.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import { schemaName } from "../events/event-definition.ts";
import { correctTime, parseTime } from "../events/record-codec.ts";
import type { Validators } from "./validators.ts";

/** What to do with event types and properties that no schema knows. */
export type UnplannedPolicy = "allow" | "drop" | "quarantine";

export interface Judgement {
  readonly time: number;
  readonly warnings: readonly string[];
  readonly dropUnplanned: boolean;
  readonly businessKey: string | undefined;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly path: string;
  readonly message: string;
}

export interface JudgeOptions {
  readonly validators: Validators;
  /** An event of no known type is taken as it is, or quarantined. */
  readonly unplannedEvents: "allow" | "quarantine";
  readonly unplannedProperties: UnplannedPolicy;
  /** How far past our clock an event time may lie. */
  readonly maxFutureMs: number;
}

const maxIdLength = 512;
const noWarnings: readonly string[] = [];

/** Says whether an event can be taken, and if so as of when; or why not. */
export function judgeEvent(
  event: RawEvent,
  definition: EventDefinition | undefined,
  sentAt: number | undefined,
  now: number,
  options: JudgeOptions,
): Judgement | Refusal {
  if (event.id !== undefined && event.id.length > maxIdLength)
    return refuse("ECAP_EVENT_INVALID", "/id", `an id has at most ${maxIdLength} characters`);
  if (event.time !== undefined && event.time !== null && parseTime(event.time) === undefined) {
    return refuse("ECAP_EVENT_INVALID", "/timestamp", "expected an RFC 3339 time");
  }
  const time = correctTime(event.time ?? undefined, parseTime(event.sentAt) ?? sentAt, now);
  if (time > now + options.maxFutureMs)
    return refuse("ECAP_EVENT_FUTURE", "/timestamp", "the event time lies in the future");
  if (!isCalendarTime(time))
    return refuse("ECAP_EVENT_INVALID", "/timestamp", "the event time lies before the year 1900");
  if (definition === undefined) {
    if (options.unplannedEvents === "allow")
      return { time, warnings: noWarnings, dropUnplanned: false, businessKey: undefined };
    return refuse("ECAP_SCHEMA_UNKNOWN", "/type", `no schema is registered for this event type`);
  }
  return judgeData(event.data, definition, time, options);
}

function judgeData(
  data: unknown,
  definition: EventDefinition,
  time: number,
  options: JudgeOptions,
): Judgement | Refusal {
  const problem = options.validators.check(definition, data);
  if (problem !== undefined)
    return refuse(
      "ECAP_EVENT_INVALID",
      `/data${problem.path}`,
      `${schemaName(definition)}: ${problem.message}`,
    );
  let dropUnplanned = false;
  if (options.unplannedProperties !== "allow") {
    const unplanned = options.validators.unplanned(definition, object(data));
    if (unplanned !== undefined && options.unplannedProperties === "quarantine") {
      return refuse(
        "ECAP_PROPERTY_UNPLANNED",
        `/data/${unplanned}`,
        `${schemaName(definition)} does not know this property`,
      );
    }
    dropUnplanned = unplanned !== undefined;
  }
  if (definition.normalise === undefined && definition.businessKey === undefined)
    return { time, warnings: noWarnings, dropUnplanned, businessKey: undefined };
  try {
    const normal = definition.normalise?.(data) ?? { data, warnings: noWarnings };
    return {
      time,
      warnings: normal.warnings,
      dropUnplanned,
      businessKey: definition.businessKey?.(normal.data),
    };
  } catch (error) {
    if (error instanceof EcapError)
      return refuse("ECAP_EVENT_INVALID", `/data${error.path ?? ""}`, error.message);
    throw error;
  }
}

function refuse(code: ErrorCode, path: string, message: string): Refusal {
  return { code, path, message };
}
