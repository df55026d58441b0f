import { formatBucket, formatBucketInFull } from "../../format/times.ts";

/** Labels of days, or of weeks by their first, on an axis and in full. */
export function dayBuckets(
  days: ReadonlyArray<{ readonly day: string }>,
  grain: "day" | "week" = "day",
) {
  return days.map(({ day }) => ({
    short: formatBucket(Date.parse(day), grain),
    full: formatBucketInFull(Date.parse(day), grain),
  }));
}
