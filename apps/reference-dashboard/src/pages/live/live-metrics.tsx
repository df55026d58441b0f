import type { Amount, LiveMetrics, LiveRow } from "../../api/answers.ts";
import { MinutesChart } from "../../charts/minutes-chart.tsx";
import { addAmounts } from "../../format/amount.ts";
import { formatCount, formatMoney, formatPercent } from "../../format/numbers.ts";
import { Bar } from "../../ui/bar.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Panel } from "../../ui/panel.tsx";

const shown = 5;

/** What the stream counts of the last hour: revenue by minute, conversion, and who leads. */
export function LiveMetricsPanels({ metrics }: { readonly metrics: LiveMetrics }) {
  const { minutes, currency, conversion } = metrics;
  const revenue = minutes.reduce<Amount>((sum, minute) => addAmounts(sum, minute.revenue), "0");
  const orders = minutes.reduce((sum, minute) => sum + minute.orders, 0);
  const code = currency ?? null;
  return (
    <div className="live-metrics">
      <Panel
        title="Revenue, last 60 minutes"
        hint={`${formatMoney(revenue, code)} in ${formatCount(orders)} orders${
          conversion === undefined
            ? ""
            : ` · ${formatPercent(conversion.rate)} of ${formatCount(conversion.sessions)} sessions buy`
        }`}
      >
        <div className="view-throughput">
          <MinutesChart minutes={minutes} currency={code} />
        </div>
      </Panel>
      <Leaders title="Countries" rows={metrics.countries} currency={code} />
      <Leaders title="Channels" rows={metrics.channels} currency={code} />
      <Leaders title="Products" rows={metrics.products} currency={code} />
    </div>
  );
}

interface LeadersProps {
  readonly title: string;
  readonly rows: readonly LiveRow[];
  readonly currency: string | null;
}

function Leaders({ title, rows, currency }: LeadersProps) {
  const most = Math.max(1, ...rows.map(({ revenue }) => Number(revenue)));
  return (
    <Panel title={title} hint="By revenue, last hour" className="live-leaders">
      {rows.length === 0 ? (
        <EmptyState title="No orders yet">They are counted as they come in.</EmptyState>
      ) : (
        <ol>
          {rows.slice(0, shown).map(({ value, orders, revenue }) => (
            <li key={value}>
              <span className="live-leader">
                <span className="clip" title={value}>
                  {value.replaceAll("_", " ")}
                </span>
                <span className="live-leader-orders">{formatCount(orders)}</span>
                <span className="strong">{formatMoney(revenue, currency, { style: "whole" })}</span>
              </span>
              <Bar share={Number(revenue) / most} />
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
