import type { Figures, RevenueSeries } from "../../api/answers.ts";
import type { Query } from "../../api/use-query.ts";
import { relativeChange } from "../../format/amount.ts";
import { formatCount, formatMoney } from "../../format/numbers.ts";
import { formatDay } from "../../format/times.ts";
import { type Bucket, fillBuckets } from "../../period/fill-buckets.ts";
import type { Period } from "../../period/period.ts";
import { AsOf } from "../../ui/as-of.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";
import { KpiTile } from "./kpi-tile.tsx";

interface KpiRowProps {
  readonly period: Period;
  readonly now: number;
  readonly revenue: Query<RevenueSeries>;
  readonly earlier: Query<RevenueSeries>;
}

interface Kpi {
  readonly label: string;
  readonly of: (figures: Figures | Bucket) => `${number}`;
  readonly isMoney: boolean;
  /** Whether more of it is good news. */
  readonly isGood: boolean;
  /** Amounts of many digits are shown without cents. */
  readonly isWhole?: boolean;
}

const kpis: readonly Kpi[] = [
  { label: "Net revenue", of: ({ net }) => net, isMoney: true, isGood: true, isWhole: true },
  { label: "Orders", of: ({ orders }) => `${orders}`, isMoney: false, isGood: true },
  {
    label: "Average order value",
    of: ({ averageOrderValue }) => averageOrderValue,
    isMoney: true,
    isGood: true,
  },
  { label: "Units", of: ({ units }) => `${units}`, isMoney: false, isGood: true },
  {
    label: "Refunded",
    of: ({ refunded }) => refunded,
    isMoney: true,
    isGood: false,
    isWhole: true,
  },
];
const cents = 10_000;

/** The headline numbers of the period, each against the period before. */
export function KpiRow({ period, now, revenue, earlier }: KpiRowProps) {
  const { data, problem, retry, isLoading } = revenue;
  if (data === undefined && problem !== undefined)
    return <ProblemNotice problem={problem} onRetry={retry} />;
  const series =
    data === undefined ? [] : fillBuckets(data.points, { ...period, grain: data.grain }, now);
  const against =
    period.before === undefined
      ? undefined
      : `Against ${formatDay(period.before.from)} – ${formatDay(period.before.to - 1)}`;
  return (
    <section className="kpis" aria-label="Key figures" aria-busy={isLoading}>
      <ul className="kpi-row">
        {kpis.map(({ label, of, isMoney, isGood, isWhole = false }) => {
          const value = data === undefined ? undefined : of(data.total);
          const before =
            earlier.data === undefined || against === undefined
              ? undefined
              : of(earlier.data.total);
          const style = isWhole && Math.abs(Number(value)) >= cents ? "whole" : "exact";
          return (
            <KpiTile
              key={label}
              label={label}
              value={
                value === undefined
                  ? undefined
                  : isMoney
                    ? formatMoney(value, data?.currency ?? null, { style })
                    : formatCount(Number(value))
              }
              exact={
                value === undefined || !isMoney
                  ? undefined
                  : formatMoney(value, data?.currency ?? null)
              }
              comparison={
                against === undefined
                  ? "none"
                  : value === undefined || before === undefined
                    ? "unknown"
                    : { change: relativeChange(value, before), isGood }
              }
              values={series.map((bucket) => Number(of(bucket)))}
            />
          );
        })}
      </ul>
      <p className="kpi-footer">
        <AsOf of={data} />
        {against !== undefined && <span className="kpi-against">{against}</span>}
      </p>
    </section>
  );
}
