import { useCallback, useMemo, useState } from "react";
import type { RevenueSeries } from "../../api/answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatDay } from "../../format/times.ts";
import { type Period, resolvePeriod } from "../../period/period.ts";
import { PeriodPicker } from "../../period/period-picker.tsx";
import { formatRoute } from "../../routing/route.ts";
import { Icon } from "../../ui/icon.tsx";
import { CohortsPanel } from "./cohorts-panel.tsx";
import { CountriesPanel } from "./countries-panel.tsx";
import { KpiRow } from "./kpi-row.tsx";
import { RevenuePanel } from "./revenue-panel.tsx";
import { SegmentsPanel } from "./segments-panel.tsx";
import { TopProductsPanel } from "./top-products-panel.tsx";

interface ExecutivePageProps {
  readonly parameters: Readonly<Record<string, string>>;
}

export function ExecutivePage({ parameters }: ExecutivePageProps) {
  const [now, setNow] = useState(() => Date.now());
  const period = useMemo(() => resolvePeriod(parameters, now), [parameters, now]);
  const change = useCallback((next: Readonly<Record<string, string>>) => {
    setNow(Date.now());
    window.location.hash = formatRoute({ page: "executive", parameters: next });
  }, []);
  const { from, to, before, grain } = period;
  const revenue = useQuery<RevenueSeries>("/v1/bi/revenue", {
    from: iso(from),
    to: iso(to),
    grain,
  });
  const currency = revenue.data?.currency ?? undefined;
  const earlier = useQuery<RevenueSeries>(
    before && currency !== undefined ? "/v1/bi/revenue" : undefined,
    {
      ...(before && { from: iso(before.from), to: iso(before.to) }),
      grain: "month",
      currency,
    },
  );

  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Executive overview</h1>
          <p className="page-lead">{describe(period)}</p>
        </div>
        <div className="page-tools">
          <PeriodPicker period={period} onChange={change} />
          <button
            type="button"
            className="icon-button icon-button-framed"
            aria-label="Refresh"
            title="Refresh"
            onClick={() => setNow(Date.now())}
          >
            <Icon name="refresh" />
          </button>
        </div>
      </div>
      <OtherCurrencies of={revenue.data} />
      <KpiRow period={period} now={now} revenue={revenue} earlier={earlier} />
      <RevenuePanel
        period={period}
        now={now}
        revenue={revenue}
        onGrain={(next) => change({ ...parameters, grain: next })}
      />
      <CountriesPanel from={iso(from)} to={iso(to)} />
      <div className="panel-row">
        <TopProductsPanel from={iso(from)} to={iso(to)} />
        <div className="panel-column">
          <SegmentsPanel />
        </div>
      </div>
      <CohortsPanel now={now} />
    </div>
  );
}

function OtherCurrencies({ of }: { readonly of: RevenueSeries | undefined }) {
  if (of === undefined || of.otherCurrencies.length === 0) return null;
  return (
    <p className="note">
      <Icon name="alert" /> Amounts are in {of.currency}. Sales in {of.otherCurrencies.join(", ")}{" "}
      are not among them.
    </p>
  );
}

function describe({ preset, from, to }: Period): string {
  if (preset === "all") return "All time, UTC";
  const first = formatDay(from);
  const last = formatDay(to - 1);
  return `${first === last ? first : `${first} – ${last}`}, UTC`;
}

const iso = (instant: number): string => new Date(instant).toISOString();
