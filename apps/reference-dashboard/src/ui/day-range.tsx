import { dayMs, dayOf } from "../period/period.ts";

/** Two days in UTC, as in `2026-03-01`, both included. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

interface DayRangeProps {
  readonly days: Days;
  readonly onChange: (days: Days) => void;
}

/** The days between so many days ago and so many. */
export function lastDays(from: number, to: number): Days {
  return { from: dayOf(Date.now() - from * dayMs), to: dayOf(Date.now() - to * dayMs) };
}

/** As the API takes a period, which ends before its end. */
export function periodOf({ from, to }: Days): Days {
  return { from, to: dayOf(Date.parse(to) + dayMs) };
}

/** The first day and the last, in a form. */
export function DayRange({ days, onChange }: DayRangeProps) {
  const { from, to } = days;
  return (
    <>
      <label>
        From{" "}
        <input
          type="date"
          required
          value={from}
          max={to}
          onChange={(event) => onChange({ ...days, from: event.target.value })}
        />
      </label>
      <label>
        to{" "}
        <input
          type="date"
          required
          value={to}
          min={from}
          onChange={(event) => onChange({ ...days, to: event.target.value })}
        />
      </label>
    </>
  );
}
