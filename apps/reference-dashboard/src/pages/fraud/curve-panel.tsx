import { lazy, Suspense, useState } from "react";
import type { LabelCurve, LabelWeek } from "../../api/fraud-answers.ts";
import type { Query } from "../../api/use-query.ts";
import { formatCount } from "../../format/numbers.ts";
import { formatBucketInFull } from "../../format/times.ts";
import { AsOf } from "../../ui/as-of.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { share } from "./fraud-figures.tsx";

const CurveChart = lazy(async () => ({
  default: (await import("../../charts/curve-chart.tsx")).CurveChart,
}));

/** Precision and recall week by week, as labels arrive. */
export function CurvePanel({ curve }: { readonly curve: Query<LabelCurve> }) {
  const [isTable, setTable] = useState(false);
  return (
    <Panel
      title="Precision and recall by week"
      hint="Of what was stopped, how much was fraud; of the frauds, how many were stopped"
      actions={
        <>
          <ul className="legend">
            <li className="legend-net">Precision</li>
            <li className="legend-gross">Recall</li>
          </ul>
          <button
            type="button"
            className="button button-small"
            aria-pressed={isTable}
            onClick={() => setTable(!isTable)}
          >
            <Icon name="table" /> Table
          </button>
        </>
      }
      footer={<AsOf of={curve.data} />}
    >
      <QueryView
        query={curve}
        className="view-curve"
        isEmpty={({ weeks }) => weeks.every(({ labelled }) => labelled === 0)}
        empty={
          <EmptyState title="No labels in this period">
            Label payments in their cases; chargebacks count as well.
          </EmptyState>
        }
      >
        {({ weeks }) =>
          isTable ? (
            <WeekTable weeks={weeks} />
          ) : (
            <Suspense fallback={<Skeleton />}>
              <CurveChart
                weeks={weeks}
                label={`Precision and recall of ${weeks.length} weeks. The table has every number.`}
              />
            </Suspense>
          )
        }
      </QueryView>
    </Panel>
  );
}

function WeekTable({ weeks }: { readonly weeks: readonly LabelWeek[] }) {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Week</th>
            {["Payments", "Labelled", "Precision", "Recall", "Frauds stopped", "Frauds passed"].map(
              (name) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ),
            )}
            <th scope="col" className="number">
              Honest stopped
            </th>
          </tr>
        </thead>
        <tbody>
          {weeks.toReversed().map((week) => (
            <tr key={week.week}>
              <th scope="row">{formatBucketInFull(Date.parse(week.week), "week")}</th>
              <td className="number">{formatCount(week.payments)}</td>
              <td className="number">{formatCount(week.labelled)}</td>
              <td className="number strong">{share(week.precision)}</td>
              <td className="number">{share(week.recall)}</td>
              <td className="number">{formatCount(week.stoppedFrauds)}</td>
              <td className="number">{formatCount(week.passedFrauds)}</td>
              <td className="number">{formatCount(week.stoppedHonest)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
