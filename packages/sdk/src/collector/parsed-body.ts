import { EcapError } from "../errors/ecap-error.ts";
import type { RawObject } from "../events/dialect.ts";
import { type ElementRanges, elementRanges } from "./element-ranges.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A body taken apart into its events, each with the bytes it came as. */
export interface ParsedBody {
  /** Members of the body beside the events. */
  readonly top: RawObject;
  /** undefined where an element is no JSON object. */
  readonly events: ReadonlyArray<RawObject | undefined>;
  bytesOf(position: number): Uint8Array;
  depthOf(position: number): number;
}

/** Reads a body: an array of events, an object with `batch`, or one event. */
export function parseBody(bytes: Uint8Array, maxBatchEvents: number): ParsedBody {
  const ranges = elementRanges(bytes, "batch");
  if (ranges === undefined)
    throw new EcapError("ECAP_BODY_UNREADABLE", "the body is no whole JSON text");
  if (ranges.starts.length > maxBatchEvents)
    throw new EcapError(
      "ECAP_BATCH_TOO_LARGE",
      `the batch has ${ranges.starts.length} events, the limit is ${maxBatchEvents}`,
    );
  const bytesOf = (position: number): Uint8Array =>
    bytes.subarray(ranges.starts[position], ranges.ends[position]);
  const depthOf = (position: number): number => ranges.depths[position] ?? 0;
  const whole = tryParse(bytes);
  if (whole === undefined) {
    // One event that is no JSON must not take its neighbours with it, so each is read by itself.
    const events = ranges.starts.map((_, position) => asObject(tryParse(bytesOf(position))));
    if (events.every((event) => event === undefined))
      throw new EcapError("ECAP_BODY_UNREADABLE", "the body is no UTF-8 JSON text");
    return { top: topWithout(bytes, ranges), events, bytesOf, depthOf };
  }
  if (Array.isArray(whole)) return { top: {}, events: whole.map(asObject), bytesOf, depthOf };
  const top = asObject(whole);
  if (top === undefined)
    throw new EcapError("ECAP_BODY_UNREADABLE", "the body is neither an object nor an array");
  if (Array.isArray(top["batch"]))
    return { top, events: top["batch"].map(asObject), bytesOf, depthOf };
  return { top: {}, events: [top], bytesOf, depthOf };
}

/** What stands around the elements, read as if there were none; empty where that is broken too. */
function topWithout(bytes: Uint8Array, { starts, ends }: ElementRanges): RawObject {
  const before = bytes.subarray(0, starts[0]);
  const after = bytes.subarray(ends.at(-1));
  return asObject(tryParse(Buffer.concat([before, after]))) ?? {};
}

function tryParse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): RawObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as RawObject)
    : undefined;
}
