import type { Actor, EventContext } from "./envelope.ts";
import { merged } from "./merged.ts";

export type RawObject = Readonly<Record<string, unknown>>;

/** What every dialect must find in a sender's event, before anything is validated. */
export interface RawEvent {
  /** The sender's id, or undefined: then the event's place in the log becomes its id and repeats cannot be recognised. */
  readonly id: string | undefined;
  /** Event type or alias, as in "Order Completed". */
  readonly name: string;
  readonly data: unknown;
  /** When the sender says it happened, and when that it sent it; the difference to our clock corrects the first. */
  readonly time: unknown;
  readonly sentAt: unknown;
  readonly actor: Actor;
}

/** How one kind of client writes events. Pure: the log keeps the received bytes, and reading them again gives the same event. */
export interface Dialect {
  readonly name: string;
  /** The event, or undefined where the object is none of this dialect. */
  read(raw: RawObject): RawEvent | undefined;
  /** Where and how it happened; asked for only when the event is read from the log. */
  context(raw: RawObject): EventContext;
}

export function text(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

export function object(value: unknown): RawObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as RawObject)
    : {};
}

/** The event with what it lacks taken from what its batch said once; of `context` member by member. */
export function mergeDefaults(defaults: RawObject, raw: RawObject): RawObject {
  const whole = merged(defaults, raw);
  if (defaults["context"] !== undefined)
    whole["context"] = merged(object(defaults["context"]), object(raw["context"]));
  return whole;
}

/** ECAP's own events: CloudEvents in JSON with the ECAP extensions. */
export const nativeDialect: Dialect = {
  name: "ecap",
  read(raw) {
    const name = text(raw["type"]);
    if (name === undefined) return undefined;
    const actor = object(raw["actor"]);
    return {
      id: text(raw["id"]),
      name,
      data: raw["data"] ?? {},
      time: raw["time"],
      sentAt: undefined,
      actor: {
        customerId: text(actor["customerId"]),
        anonymousId: text(actor["anonymousId"]),
        sessionId: text(actor["sessionId"]),
        deviceId: text(actor["deviceId"]),
      },
    };
  },
  context: (raw) => object(raw["context"]),
};
