import { type Expression, type RawBuilder, sql } from "kysely";
import { EcapError } from "../errors/ecap-error.ts";
import type { QueryEngine } from "../ports/query-engine.ts";
import { type Spelling, spellings } from "./spelling.ts";

/** Spans of time that a date is cut down to. Weeks begin on Monday; all of them in UTC. */
export const grains = ["hour", "day", "week", "month", "quarter", "year"] as const;
export type Grain = (typeof grains)[number];

type Any = Expression<unknown>;
type Condition = Expression<unknown>;

/**
 * The functions that lake queries are written with, in the dialect of an engine: `lakeFunctions(engine.dialect)`.
 * Arguments are expressions, as `eb.ref("total")`. What depends on the dialect is in spelling.ts; the rest is SQL that both read alike.
 */
export function lakeFunctions(dialect: QueryEngine["dialect"]) {
  const spelling: Spelling = spellings[dialect];
  return {
    /** The first moment of the grain that a date or timestamp lies in: "YYYY-MM-DD", and for hours an ISO timestamp. */
    truncDate: (grain: Grain, value: Any): RawBuilder<string> =>
      grain === "hour"
        ? sql`date_trunc('hour', ${value})`
        : sql`CAST(date_trunc(${sql.lit(grain)}, ${value}) AS date)`,
    /** The UTC date of a timestamp. */
    toDate: (value: Any): RawBuilder<string> => sql`CAST(${value} AS date)`,
    /** True from `from` up to but without `to`, both "YYYY-MM-DD". Files of other dates are not opened. */
    inDates: (
      date: Any,
      { from, to }: { readonly from: string; readonly to: string },
    ): RawBuilder<boolean> =>
      sql`(${date} >= DATE ${dateText(from)} AND ${date} < DATE ${dateText(to)})`,
    /** True for rows whose time lies from `from` up to but without `to`, epoch milliseconds. `date` is the partition column; files of other dates are not opened. */
    inTimes: (
      date: Any,
      time: Any,
      { from, to }: { readonly from: number; readonly to: number },
    ): RawBuilder<boolean> =>
      sql`(${date} >= DATE ${dateText(utcDay(from))} AND ${date} <= DATE ${dateText(utcDay(to))} AND ${time} >= ${spelling.instant(wholeNumber(from) * 1000)} AND ${time} < ${spelling.instant(wholeNumber(to) * 1000)})`,
    /** A date moved by whole days. */
    addDays: (date: Any, days: number): RawBuilder<string> =>
      spelling.addDays(date, wholeNumber(days)),
    /** A date moved by whole months; the last day of a shorter month where the day does not exist. */
    addMonths: (date: Any, months: number): RawBuilder<string> =>
      spelling.addMonths(date, wholeNumber(months)),
    /** Midnights between two dates or timestamps; negative where the second is earlier. */
    daysBetween: (start: Any, end: Any): RawBuilder<number> => spelling.daysBetween(start, end),
    /** Beginnings of months between two dates or timestamps. */
    monthsBetween: (start: Any, end: Any): RawBuilder<number> =>
      sql`((year(${end}) - year(${start})) * 12 + month(${end}) - month(${start}))`,
    /** Seconds between two timestamps, with their fraction. */
    secondsBetween: (start: Any, end: Any): RawBuilder<number> =>
      spelling.secondsBetween(start, end),
    /** 0 to 23, in UTC. */
    hourOfDay: (value: Any): RawBuilder<number> => sql`hour(${value})`,
    /** 1 for Monday to 7 for Sunday. */
    dayOfWeek: (value: Any): RawBuilder<number> => spelling.dayOfWeek(value),

    /** A sum that is 0 without rows. Decimals stay exact. */
    sum0: <T>(value: Expression<T>): RawBuilder<NonNullable<T>> => sql`coalesce(sum(${value}), 0)`,
    /** The sum over the rows that meet the condition; 0 without any. */
    sumWhere: <T>(value: Expression<T>, condition: Condition): RawBuilder<NonNullable<T>> =>
      sql`coalesce(sum(${value}) FILTER (WHERE ${condition}), 0)`,
    /** Rows that meet the condition. */
    countWhere: (condition: Condition): RawBuilder<number> =>
      sql`count(*) FILTER (WHERE ${condition})`,
    /** Different values, NULL not among them. */
    countDistinct: (value: Any): RawBuilder<number> => sql`count(DISTINCT ${value})`,
    /** Different values in the rows that meet the condition. */
    countDistinctWhere: (value: Any, condition: Condition): RawBuilder<number> =>
      sql`count(DISTINCT ${value}) FILTER (WHERE ${condition})`,
    /** Different values within a few percent, in constant memory. */
    countDistinctApproximately: (value: Any): RawBuilder<number> =>
      sql`approx_count_distinct(${value})`,
    /** The value in the row with the least order; rows with a NULL order do not count. */
    firstBy: <T>(value: Expression<T>, order: Any): RawBuilder<T> => spelling.firstBy(value, order),
    /** The value in the row with the greatest order; rows with a NULL order do not count. */
    lastBy: <T>(value: Expression<T>, order: Any): RawBuilder<T> => spelling.lastBy(value, order),
    /** The value below which the share `p` (0 to 1) of the values lies, interpolated between neighbours. */
    quantile: (value: Any, p: number): RawBuilder<number> => spelling.quantile(value, share(p)),

    /** A NULL text. */
    nothing: (): RawBuilder<string | null> => sql`CAST(NULL AS string)`,
    /** The value, 0 for NULL. */
    coalesce0: <T>(value: Expression<T>): RawBuilder<NonNullable<T>> => sql`coalesce(${value}, 0)`,
    /** One number over another as a double; NULL where the second is 0. */
    ratio: (part: Any, whole: Any): RawBuilder<number | null> =>
      sql`(CAST(${part} AS double) / nullif(CAST(${whole} AS double), 0))`,
    /** A decimal as a number; for statistics, never for money that goes on being added. */
    toDouble: (value: Any): RawBuilder<number> => sql`CAST(${value} AS double)`,
    /** Rounded half away from zero. */
    roundTo: <T>(value: Expression<T>, digits: number): RawBuilder<T> =>
      sql`round(${value}, ${sql.lit(wholeNumber(digits))})`,
  };
}

export type LakeFunctions = ReturnType<typeof lakeFunctions>;

function dateText(date: string): RawBuilder<string> {
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(Date.parse(date))) {
    throw new EcapError("ECAP_QUERY_INVALID", "A date is written as YYYY-MM-DD", {
      received: date,
    });
  }
  return sql.lit(date);
}

function utcDay(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function wholeNumber(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new EcapError("ECAP_QUERY_INVALID", "A whole number is needed", { received: value });
}

function share(p: number): number {
  if (p >= 0 && p <= 1) return p;
  throw new EcapError("ECAP_QUERY_INVALID", "A share lies between 0 and 1", { received: p });
}
