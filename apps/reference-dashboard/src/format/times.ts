import type { Grain } from "../api/answers.ts";

const dayMs = 86_400_000;
const utc = { timeZone: "UTC" } as const;
const day = new Intl.DateTimeFormat(undefined, {
  ...utc,
  day: "numeric",
  month: "short",
  year: "numeric",
});
const shortDay = new Intl.DateTimeFormat(undefined, { ...utc, day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat(undefined, {
  ...utc,
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
});
const month = new Intl.DateTimeFormat(undefined, { ...utc, month: "short", year: "numeric" });
const clock = new Intl.DateTimeFormat(undefined, {
  ...utc,
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const clockSeconds = new Intl.DateTimeFormat(undefined, {
  ...utc,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

export const formatDay = (instant: number): string => day.format(instant);
export const formatMonth = (instant: number): string => month.format(instant);
export const formatTime = (instant: number): string => clockSeconds.format(instant);
export const formatInstant = (instant: number): string =>
  `${shortDay.format(instant)}, ${clock.format(instant)} UTC`;

/** The time of day, with the day where that is another one than `now`'s. */
export function formatTimeNear(instant: number, now: number): string {
  const isToday = Math.floor(instant / dayMs) === Math.floor(now / dayMs);
  return isToday ? formatTime(instant) : `${shortDay.format(instant)}, ${clock.format(instant)}`;
}

/** A length of time in its largest unit, as in "3 h". */
export function formatSpan(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** A bucket of time as a label for an axis. */
export function formatBucket(start: number, grain: Grain): string {
  if (grain === "month") return month.format(start);
  if (grain === "hour")
    return clock.format(start) === "00:00" ? shortDay.format(start) : clock.format(start);
  return shortDay.format(start);
}

/** A bucket of time in full. */
export function formatBucketInFull(start: number, grain: Grain): string {
  if (grain === "month") return month.format(start);
  if (grain === "hour") return `${shortDay.format(start)}, ${clock.format(start)} UTC`;
  if (grain === "week") return `Week of ${day.format(start)}`;
  return weekday.format(start);
}
