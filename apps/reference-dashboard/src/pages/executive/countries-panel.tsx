import { lazy, Suspense, useMemo } from "react";
import type { RevenueBreakdown } from "../../api/answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatCount, formatMoney } from "../../format/numbers.ts";
import { type CountrySales, salesByCountry } from "../../geo/sales-by-country.ts";
import { AsOf } from "../../ui/as-of.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { CountryTable } from "./country-table.tsx";
import { NoSales } from "./no-sales.tsx";

const WorldMap = lazy(async () => ({
  default: (await import("../../charts/world-map.tsx")).WorldMap,
}));

/** As many as there are countries and some spellings more. */
const maxRows = 1_000;

export function CountriesPanel({ from, to }: { readonly from: string; readonly to: string }) {
  const breakdown = useQuery<RevenueBreakdown>("/v1/bi/revenue/by/country", {
    from,
    to,
    limit: maxRows,
  });
  return (
    <Panel
      title="Sales by country"
      hint="Net revenue by where orders go"
      footer={<AsOf of={breakdown.data} />}
    >
      <QueryView
        query={breakdown}
        className="view-countries"
        isEmpty={({ rows }) => rows.length === 0}
        empty={<NoSales />}
      >
        {(answer) => <Countries answer={answer} />}
      </QueryView>
    </Panel>
  );
}

function Countries({ answer }: { readonly answer: RevenueBreakdown }) {
  const { rows, currency } = answer;
  const sales = useMemo(() => salesByCountry(rows), [rows]);
  const [first] = sales;
  const unplaced = sales.filter(({ code }) => code === undefined);
  const label = `Map of net revenue: ${sales.length - unplaced.length} countries, most in ${first?.name ?? "none"}. The table beside it has every number.`;
  return (
    <div className="countries">
      <div className="countries-map">
        <Suspense fallback={<Skeleton />}>
          <WorldMap sales={sales} currency={currency} label={label} />
        </Suspense>
        <div className="map-legend" aria-hidden="true">
          <span>{formatMoney(0, currency, { style: "compact" })}</span>
          <i />
          <span>
            {formatMoney(Math.max(0, Number(first?.net ?? 0)), currency, { style: "compact" })}
          </span>
        </div>
        <Unplaced sales={unplaced} currency={currency} />
      </div>
      <CountryTable sales={sales} currency={currency} />
    </div>
  );
}

function Unplaced({
  sales,
  currency,
}: {
  readonly sales: readonly CountrySales[];
  readonly currency: string | null;
}) {
  if (sales.length === 0) return null;
  return (
    <p className="unplaced">
      Not on the map:{" "}
      {sales.map(({ name, net, orders }, index) => (
        <span key={name}>
          {index > 0 && "; "}
          <strong>{name === "(none)" ? "country unknown" : name}</strong>{" "}
          {formatMoney(net, currency)} ({formatCount(orders)} {orders === 1 ? "order" : "orders"})
        </span>
      ))}
    </p>
  );
}
