import { formatBucket, formatBucketInFull } from "../../format/times.ts";

/** Labels of days on an axis, and in full. */
export function dayBuckets(days: ReadonlyArray<{ readonly day: string }>) {
  return days.map(({ day }) => ({
    short: formatBucket(Date.parse(day), "day"),
    full: formatBucketInFull(Date.parse(day), "day"),
  }));
}
