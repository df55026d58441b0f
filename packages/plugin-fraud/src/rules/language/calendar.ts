const quarterMs = 15 * 60_000;
const dayMs = 86_400_000;

/** Turns an instant into the wall clock of a zone, as if it were UTC (epoch milliseconds). */
export type WallClock = (time: number) => number;

/** The wall clock of an IANA time zone; throws a RangeError for one that is not known. */
export function wallClock(zone = "UTC"): WallClock {
  if (zone === "UTC") return (time) => time;
  formatOf(zone);
  // Zones change at quarters of an hour at the finest, and payments come in order of time, so nearly all are of the quarter of the last one.
  let quarter = Number.NaN;
  let offset = 0;
  return (time) => {
    const current = Math.floor(time / quarterMs);
    if (current !== quarter) {
      quarter = current;
      offset = offsetAt(formatOf(zone), current * quarterMs);
    }
    return time + offset;
  };
}

/** Formats kept, of 60 KB each; of more zones than these the one made first is made again when it is next asked for. */
const formatsKept = 100;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const name = zone.toLowerCase();
  const known = formats.get(name);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const [oldest] = formats.keys();
  if (oldest !== undefined && formats.size >= formatsKept) formats.delete(oldest);
  formats.set(name, format);
  return format;
}

function offsetAt(format: Intl.DateTimeFormat, time: number): number {
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const of = (part: Intl.DateTimeFormatPartTypes): number => parts.get(part) ?? 0;
  const wall = Date.UTC(
    of("year"),
    of("month") - 1,
    of("day"),
    of("hour"),
    of("minute"),
    of("second"),
  );
  return wall - time;
}

/** 0 to 23. */
export function hourOf(wall: number): number {
  return Math.floor((((wall % dayMs) + dayMs) % dayMs) / 3_600_000);
}

/** 1 (Monday) to 7 (Sunday), as in ISO 8601. */
export function weekdayOf(wall: number): number {
  return new Date(wall).getUTCDay() || 7;
}

/** Day of the month, 1 to 31. */
export function dayOf(wall: number): number {
  return new Date(wall).getUTCDate();
}

/** 1 to 12. */
export function monthOf(wall: number): number {
  return new Date(wall).getUTCMonth() + 1;
}

/** Whether a number of milliseconds is an instant that a calendar has. */
export function isInstant(time: number): boolean {
  return Math.abs(time) <= 8.64e15;
}
