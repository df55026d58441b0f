import { useMemo } from "react";
import type { LiveSnapshot } from "../../api/answers.ts";
import { ThroughputChart } from "../../charts/throughput-chart.tsx";
import { formatCount, formatDecimal } from "../../format/numbers.ts";
import { formatInstant, formatTime } from "../../format/times.ts";
import { Panel } from "../../ui/panel.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { ConnectionState } from "./connection-state.tsx";
import { DecisionList } from "./decision-list.tsx";
import { newestFirst, toLiveDecision, toLiveOrder } from "./live-entry.ts";
import { LiveMetricsPanels } from "./live-metrics.tsx";
import { LiveSummary } from "./live-summary.tsx";
import { OrderList } from "./order-list.tsx";
import { useLive } from "./use-live.ts";

export function LivePage() {
  const { connection, snapshot } = useLive();
  const asOf = snapshot === undefined ? undefined : Date.parse(snapshot.at);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Live</h1>
          <p className="page-lead">What comes in this minute, and what was decided on it</p>
        </div>
        <ConnectionState connection={connection} />
      </div>
      <div className={connection === "live" ? "live" : "live live-stale"}>
        <div className="live-head">
          <Figure
            label="Events a second"
            value={snapshot?.eventsPerSecond}
            beside={snapshot && `${formatRate(snapshot.lastMinute)} on average this minute`}
          />
          <Figure
            label="Orders this minute"
            value={snapshot?.ordersLastMinute}
            beside={snapshot && `of ${formatCount(sum(snapshot.lastMinute))} events`}
          />
          <Panel title="Events, last 60 seconds" className="live-throughput">
            <div className="view-throughput">
              {snapshot === undefined ? (
                <Skeleton />
              ) : (
                <ThroughputChart seconds={snapshot.lastMinute} />
              )}
            </div>
          </Panel>
        </div>
        {snapshot?.plugins.bi !== undefined && <LiveMetricsPanels metrics={snapshot.plugins.bi} />}
        <Lists snapshot={snapshot} />
      </div>
      <p className="as-of">
        {asOf === undefined ? (
          <>&nbsp;</>
        ) : (
          <>
            As of{" "}
            <time dateTime={snapshot?.at} title={formatInstant(asOf)}>
              {formatTime(asOf)} UTC
            </time>
          </>
        )}
      </p>
      {snapshot !== undefined && <LiveSummary snapshot={snapshot} connection={connection} />}
    </div>
  );
}

interface FigureProps {
  readonly label: string;
  readonly value: number | undefined;
  readonly beside: string | undefined;
}

function Figure({ label, value, beside }: FigureProps) {
  return (
    <section className="panel live-figure" aria-label={label}>
      <h2>{label}</h2>
      <p className="live-value">
        {value === undefined ? <span className="skeleton-text" /> : formatCount(value)}
      </p>
      <p className="live-beside">{beside ?? <>&nbsp;</>}</p>
    </section>
  );
}

function Lists({ snapshot }: { readonly snapshot: LiveSnapshot | undefined }) {
  const orders = useMemo(() => newestFirst((snapshot?.orders ?? []).map(toLiveOrder)), [snapshot]);
  const decisions = useMemo(
    () => newestFirst((snapshot?.decisions ?? []).map(toLiveDecision)),
    [snapshot],
  );
  const alerts = useMemo(
    () => newestFirst((snapshot?.alerts ?? []).map(toLiveDecision)),
    [snapshot],
  );
  const isWaiting = snapshot === undefined;
  return (
    <div className="live-lists">
      <Panel title="Latest orders" hint="Newest first, times in UTC">
        {isWaiting ? <Skeleton /> : <OrderList orders={orders} />}
      </Panel>
      <Panel title="Latest decisions" hint="Payments with outcome, score and reasons">
        {isWaiting ? (
          <Skeleton />
        ) : (
          <DecisionList
            decisions={decisions}
            empty="No decisions yet"
            help="They appear when a payment is assessed."
          />
        )}
      </Panel>
      <Panel title="Alerts" hint="Payments sent to review or declined">
        {isWaiting ? (
          <Skeleton />
        ) : (
          <DecisionList
            decisions={alerts}
            empty="No alerts"
            help="Nothing was sent to review or declined lately."
          />
        )}
      </Panel>
    </div>
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function formatRate(seconds: readonly number[]): string {
  return formatDecimal(sum(seconds) / Math.max(1, seconds.length));
}
