import { lazy, Suspense, useMemo, useState } from "react";
import type { ModelInfo, Monitoring, MonitoringDays } from "../../api/model-answers.ts";
import { useQuery } from "../../api/use-query.ts";
import type { ChartLine } from "../../charts/lines-chart.tsx";
import { formatCount, formatPercent } from "../../format/numbers.ts";
import { formatBucketInFull } from "../../format/times.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { dayBuckets } from "./day-buckets.ts";
import { DriftTable } from "./drift-table.tsx";
import { TableButton } from "./table-button.tsx";

const LinesChart = lazy(async () => ({
  default: (await import("../../charts/lines-chart.tsx")).LinesChart,
}));

interface RunningPanelProps {
  readonly model: ModelInfo;
  readonly span: { readonly from: string; readonly to: string };
}

type Day = MonitoringDays["items"][number];

/** How fast a model answers, and how far its scores and features are from those of its training. */
export function RunningPanel({ model: { name, version }, span }: RunningPanelProps) {
  const [isTable, setTable] = useState(false);
  const path = `/v1/models/fraud/versions/${version}/monitoring`;
  const whole = useQuery<Monitoring>(path, span);
  const days = useQuery<MonitoringDays>(`${path}/days`, span);
  return (
    <Panel
      title="How it runs"
      hint={whole.data === undefined ? "Counts are kept for 35 days" : summary(whole.data)}
      actions={
        <>
          <ul className="legend">
            <li className="legend-net">Drift of scores</li>
            <li className="legend-gross">Limit of chance</li>
          </ul>
          <TableButton isPressed={isTable} onPress={setTable} />
        </>
      }
    >
      <QueryView
        query={days}
        className="view-curve"
        isEmpty={({ items }) => items.length === 0}
        empty={
          <EmptyState title="It was asked nothing in this period">
            A model with a role is asked for every payment.
          </EmptyState>
        }
      >
        {({ items }) =>
          isTable ? (
            <DayTable days={items} />
          ) : (
            <Suspense fallback={<Skeleton />}>
              <DriftCurve days={items} model={`${name}/${version}`} />
            </Suspense>
          )
        }
      </QueryView>
      {whole.data !== undefined && whole.data.features.length > 0 && whole.data.asked > 0 && (
        <DriftTable features={whole.data.features} />
      )}
    </Panel>
  );
}

function DriftCurve({ days, model }: { readonly days: readonly Day[]; readonly model: string }) {
  const drawn = useMemo(
    () => ({
      buckets: dayBuckets(days),
      lines: [
        { name: "Drift of scores", values: days.map(({ score }) => score?.psi), look: "main" },
        {
          name: "Limit of chance",
          values: days.map(({ score }) => score?.threshold ?? undefined),
          look: "second",
        },
      ] satisfies readonly ChartLine[],
      bars: { name: "Asked", values: days.map(({ asked }) => asked) },
    }),
    [days],
  );
  return (
    <LinesChart
      {...drawn}
      format={index}
      label={`Stability index of the scores of ${model} on ${days.length} days. The table has every number, and the latency.`}
    />
  );
}

function DayTable({ days }: { readonly days: readonly Day[] }) {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Day</th>
            {["Asked", "Scored", "Late", "Failed", "Median", "99 of 100", "Drift"].map((name) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
            <th scope="col">Features that drifted</th>
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map((day) => (
            <tr key={day.day}>
              <th scope="row">{formatBucketInFull(Date.parse(day.day), "day")}</th>
              <td className="number">{formatCount(day.asked)}</td>
              <td className="number">{coverage(day.coverage)}</td>
              <td className="number">{formatCount(day.late)}</td>
              <td className="number">{formatCount(day.failed)}</td>
              <td className="number">{latency(day.latencyMs?.p50)}</td>
              <td className="number">{latency(day.latencyMs?.p99)}</td>
              <td className="number strong">
                {day.score === undefined ? "–" : index(day.score.psi)}
              </td>
              <td>{day.drifted.join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function summary({ asked, coverage: scored, late, failed, latencyMs, score }: Monitoring): string {
  const parts = [
    `asked ${formatCount(asked)} times`,
    ...(scored === undefined ? [] : [`scored ${coverage(scored)}`]),
    ...(late > 0 ? [`${formatCount(late)} late`] : []),
    ...(failed > 0 ? [`${formatCount(failed)} failed`] : []),
    ...(latencyMs === undefined
      ? []
      : [`half within ${latency(latencyMs.p50)}, 99 of 100 within ${latency(latencyMs.p99)}`]),
    ...(score?.drifted === true ? ["its scores drifted"] : []),
  ];
  const text = parts.join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const index = (value: number): string => value.toFixed(2);

function coverage(share: number | undefined): string {
  return share === undefined ? "–" : formatPercent(share);
}

/** An upper edge, so "within". */
function latency(ms: number | null | undefined): string {
  if (ms === undefined) return "–";
  return ms === null ? "over 1 s" : `${ms} ms`;
}
