import { type Expression, type RawBuilder, sql } from "kysely";
import type { QueryEngine } from "../ports/query-engine.ts";

type Any = Expression<unknown>;

/** What engines spell differently. */
export interface Spelling {
  addDays(date: Any, days: number): RawBuilder<string>;
  addMonths(date: Any, months: number): RawBuilder<string>;
  daysBetween(start: Any, end: Any): RawBuilder<number>;
  secondsBetween(start: Any, end: Any): RawBuilder<number>;
  dayOfWeek(value: Any): RawBuilder<number>;
  firstBy<T>(value: Expression<T>, order: Any): RawBuilder<T>;
  lastBy<T>(value: Expression<T>, order: Any): RawBuilder<T>;
  quantile(value: Any, p: number): RawBuilder<number>;
  instant(microseconds: number): RawBuilder<string>;
}

const duckdb: Spelling = {
  addDays: (date, days) => sql`(CAST(${date} AS date) + ${sql.lit(days)})`,
  addMonths: (date, months) =>
    sql`CAST(CAST(${date} AS date) + to_months(${sql.lit(months)}) AS date)`,
  daysBetween: (start, end) => sql`date_diff('day', CAST(${start} AS date), CAST(${end} AS date))`,
  secondsBetween: (start, end) => sql`((epoch_us(${end}) - epoch_us(${start})) / 1e6)`,
  dayOfWeek: (value) => sql`isodow(${value})`,
  // DuckDB's arg_min passes over rows whose value is NULL; the variants that keep them agree with Spark.
  firstBy: (value, order) => sql`arg_min_null(${value}, ${order})`,
  lastBy: (value, order) => sql`arg_max_null(${value}, ${order})`,
  quantile: (value, p) => sql`quantile_cont(CAST(${value} AS double), ${sql.lit(p)})`,
  instant: (microseconds) => sql`make_timestamptz(${sql.lit(microseconds)})`,
};

const spark: Spelling = {
  addDays: (date, days) => sql`date_add(${date}, ${sql.lit(days)})`,
  addMonths: (date, months) => sql`add_months(${date}, ${sql.lit(months)})`,
  daysBetween: (start, end) => sql`datediff(${end}, ${start})`,
  secondsBetween: (start, end) => sql`((unix_micros(${end}) - unix_micros(${start})) / 1e6)`,
  dayOfWeek: (value) => sql`(weekday(${value}) + 1)`,
  firstBy: (value, order) => sql`min_by(${value}, ${order})`,
  lastBy: (value, order) => sql`max_by(${value}, ${order})`,
  quantile: (value, p) => sql`percentile(CAST(${value} AS double), ${sql.lit(p)})`,
  instant: (microseconds) => sql`timestamp_micros(${sql.lit(microseconds)})`,
};

export const spellings: Readonly<Record<QueryEngine["dialect"], Spelling>> = { duckdb, spark };
