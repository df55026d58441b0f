import { useState } from "react";
import type { Grain, RevenueSeries } from "../../api/answers.ts";
import type { Query } from "../../api/use-query.ts";
import { RevenueChart } from "../../charts/revenue-chart.tsx";
import { formatMoney } from "../../format/numbers.ts";
import { fillBuckets } from "../../period/fill-buckets.ts";
import type { Period } from "../../period/period.ts";
import { AsOf } from "../../ui/as-of.tsx";
import { Choice } from "../../ui/choice.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { NoSales } from "./no-sales.tsx";
import { RevenueTable } from "./revenue-table.tsx";

interface RevenuePanelProps {
  readonly period: Period;
  readonly now: number;
  readonly revenue: Query<RevenueSeries>;
  readonly onGrain: (grain: Grain) => void;
}

const grainLabels: Readonly<Record<Grain, string>> = {
  hour: "Hour",
  day: "Day",
  week: "Week",
  month: "Month",
};

export function RevenuePanel({ period, now, revenue, onGrain }: RevenuePanelProps) {
  const [isTable, setIsTable] = useState(false);
  return (
    <Panel
      title="Revenue over time"
      actions={
        <>
          <ul className="legend">
            <li className="legend-net">Net</li>
            <li className="legend-gross">Gross</li>
            <li className="legend-refunded">Refunded</li>
          </ul>
          <Choice
            label="Group by"
            options={period.grains.map((grain) => ({ value: grain, label: grainLabels[grain] }))}
            value={period.grain}
            onChange={onGrain}
          />
          <button
            type="button"
            className="button button-small"
            aria-pressed={isTable}
            onClick={() => setIsTable(!isTable)}
          >
            <Icon name="table" /> Table
          </button>
        </>
      }
      footer={<AsOf of={revenue.data} />}
    >
      <QueryView
        query={revenue}
        className="view-revenue"
        isEmpty={({ points }) => points.length === 0}
        empty={<NoSales />}
      >
        {({ points, grain, currency, total }) => {
          const buckets = fillBuckets(points, { ...period, grain }, now);
          const label = `Revenue by ${grain}: ${formatMoney(total.net, currency)} net in ${buckets.length} ${buckets.length === 1 ? grain : `${grain}s`}. The table has every number.`;
          return isTable ? (
            <RevenueTable buckets={buckets} grain={grain} currency={currency} />
          ) : (
            <RevenueChart buckets={buckets} grain={grain} currency={currency} label={label} />
          );
        }}
      </QueryView>
    </Panel>
  );
}
