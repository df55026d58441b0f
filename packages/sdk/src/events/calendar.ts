const earliest = Date.UTC(1900, 0);
const latest = Date.UTC(2200, 0);

/**
 * Whether the time, epoch milliseconds, lies from 1900 up to 2200, exclusive: what the calendar of a shop can hold, and every table, engine and client
 * can write as a date of four-digit years.
 */
export function isCalendarTime(time: number): boolean {
  return time >= earliest && time < latest;
}
