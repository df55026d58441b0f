import { isCalendarTime } from "../events/calendar.ts";
import { parseTime } from "../events/record-codec.ts";

/** RFC 3339 text or epoch milliseconds as epoch milliseconds; undefined where it is neither, or in no century a shop knows. */
export function readInstant(value: unknown): number | undefined {
  const time = parseTime(value);
  return time !== undefined && isCalendarTime(time) ? time : undefined;
}

/** As {@link readInstant}, remembering the last value: the lines of an order mostly share their time. */
export function createInstantReader(): (value: unknown) => number | undefined {
  let last: unknown;
  let time: number | undefined;
  return (value) => {
    if (value == null) return undefined;
    if (value !== last) {
      last = value;
      time = readInstant(value);
    }
    return time;
  };
}

/** Says which lines have a time that cannot be read, and so count at their event's. */
export function timeWarnings(lines: unknown): readonly string[] {
  if (!Array.isArray(lines)) return [];
  const read = createInstantReader();
  const astray = lines.findIndex(({ occurred_at: at }) => at != null && read(at) === undefined);
  return astray < 0
    ? []
    : [`products/${astray}/occurred_at is no time: the line counts at the event's`];
}
