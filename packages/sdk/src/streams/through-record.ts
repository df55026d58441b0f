import type { EventEnvelope } from "../events/envelope.ts";
import type { LogRecord, NewLogRecord } from "../ports/event-log.ts";
import type { Element, EventElement } from "./engine/element.ts";
import type { Place } from "./engine/operator.ts";
import type { JoinSide } from "./nodes.ts";

/** What a record of an intermediate topic says. */
export interface ThroughRecord {
  /** The leg's partition it came from: `<leg>/<topic>/<partition>`. */
  readonly from: string;
  /** Event time that partition had reached; −Infinity: none yet. */
  readonly watermark: number;
  /** It has been silent for a while: who waits for all partitions need not wait for it. */
  readonly isIdle: boolean;
  /** Absent where the record only says how far time is. */
  readonly element:
    | Pick<EventElement, "event" | "key" | "reached" | "side" | "derived">
    | undefined;
}

type Stored = [
  watermark: number | null,
  reached?: number | typeof idle | null,
  key?: string,
  side?: JoinSide | null,
  derived?: boolean,
  event?: EventEnvelope,
];
/** What stands in the place of `reached` on a record that says a partition is silent. */
const idle = "idle";

export function upstreamName({ leg, topic, partition }: Omit<Place, "topology">): string {
  return `${leg}/${topic}/${partition}`;
}

/** Headers to be shared by all records of a leg's partition. */
export function throughHeaders(place: Place): Readonly<Record<string, string>> {
  return { from: upstreamName(place) };
}

export function encodeThrough(
  element: Element,
  target: Pick<NewLogRecord, "headers" | "partition" | "timestamp">,
  {
    side = element.side,
    isIdle = false,
  }: { readonly side?: JoinSide | undefined; readonly isIdle?: boolean } = {},
): NewLogRecord {
  const { watermark, reached, key, derived, event } = element;
  const stored: Stored =
    event === undefined
      ? isIdle
        ? [finite(watermark), idle]
        : [finite(watermark)]
      : [finite(watermark), finite(reached), key ?? "", side ?? null, derived, event];
  return { key, value: encoder.encode(JSON.stringify(stored)), ...target };
}

/** Undefined where the record is none of ours. */
export function decodeThrough({ headers, value }: LogRecord): ThroughRecord | undefined {
  const { from } = headers;
  if (from === undefined) return undefined;
  try {
    const [watermark, reached, key, side, derived, event]: Stored = JSON.parse(
      decoder.decode(value),
    );
    const isIdle = reached === idle;
    const element = event && {
      event,
      key,
      reached: typeof reached === "number" ? reached : -Infinity,
      side: side ?? undefined,
      derived: derived === true,
    };
    return { from, watermark: watermark ?? -Infinity, isIdle, element };
  } catch {
    return undefined;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON has no infinity. */
function finite(time: number): number | null {
  return Number.isFinite(time) ? time : null;
}
