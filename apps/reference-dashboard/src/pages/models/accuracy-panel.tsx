import { lazy, Suspense, useMemo, useState } from "react";
import type { Accuracy, ModelInfo, Performances } from "../../api/model-answers.ts";
import type { Query } from "../../api/use-query.ts";
import type { ChartLine } from "../../charts/lines-chart.tsx";
import { formatCount, formatPercent } from "../../format/numbers.ts";
import { formatBucketInFull } from "../../format/times.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { dayBuckets } from "./day-buckets.ts";
import { TableButton } from "./table-button.tsx";

const LinesChart = lazy(async () => ({
  default: (await import("../../charts/lines-chart.tsx")).LinesChart,
}));

interface AccuracyPanelProps {
  readonly model: ModelInfo;
  readonly performances: Query<Performances>;
  readonly grain: Grain;
}

type Grain = "day" | "week";

type Day = Accuracy & { readonly day: string };

/** How well a model tells frauds from other payments, as labels arrive. */
export function AccuracyPanel({ model, performances, grain }: AccuracyPanelProps) {
  const [isTable, setTable] = useState(false);
  const label = `${model.name}/${model.version}`;
  const of = performances.data?.items.find((each) => each.model === label);
  return (
    <Panel
      title="How right it is"
      hint={
        of === undefined || of.labelled === 0
          ? `Of scores from 0.5 on, by the ${grain} of the payments`
          : `${formatCount(of.labelled)} labelled payments, ${formatCount(of.positives)} of them frauds: AUC ${figure(of.auc)}, average precision ${figure(of.averagePrecision)}`
      }
      actions={
        <>
          <ul className="legend">
            <li className="legend-net">AUC</li>
            <li className="legend-gross">Precision</li>
            <li className="legend-dotted">Recall</li>
          </ul>
          <TableButton isPressed={isTable} onPress={setTable} />
        </>
      }
    >
      <QueryView
        query={performances}
        className="view-curve"
        isEmpty={() => of === undefined || of.labelled === 0}
        empty={
          <EmptyState title="No labels of payments it scored in this period">
            Label payments in their cases; chargebacks count as well.
          </EmptyState>
        }
      >
        {() =>
          isTable ? (
            <DayTable days={of?.days ?? []} grain={grain} />
          ) : (
            <Suspense fallback={<Skeleton />}>
              <Curve days={of?.days ?? []} grain={grain} model={label} />
            </Suspense>
          )
        }
      </QueryView>
    </Panel>
  );
}

interface DaysProps {
  readonly days: readonly Day[];
  readonly grain: Grain;
}

function Curve({ days, grain, model }: DaysProps & { readonly model: string }) {
  const drawn = useMemo(
    () => ({
      buckets: dayBuckets(days, grain),
      lines: [
        { name: "AUC", values: days.map(({ auc }) => auc), look: "main" },
        { name: "Precision", values: days.map(({ precision }) => precision), look: "second" },
        { name: "Recall", values: days.map(({ recall }) => recall), look: "third" },
      ] satisfies readonly ChartLine[],
      bars: { name: "Labelled", values: days.map(({ labelled }) => labelled) },
    }),
    [days, grain],
  );
  return (
    <LinesChart
      {...drawn}
      format={formatPercent}
      max={1}
      label={`AUC, precision and recall of ${model} on ${days.length} ${grain}s. The table has every number.`}
    />
  );
}

function DayTable({ days, grain }: DaysProps) {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{grain === "day" ? "Day" : "Week"}</th>
            {["Labelled", "Frauds", "AUC", "Average precision", "Precision", "Recall"].map(
              (name) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map((day) => (
            <tr key={day.day}>
              <th scope="row">{formatBucketInFull(Date.parse(day.day), grain)}</th>
              <td className="number">{formatCount(day.labelled)}</td>
              <td className="number">{formatCount(day.positives)}</td>
              <td className="number strong">{figure(day.auc)}</td>
              <td className="number">{figure(day.averagePrecision)}</td>
              <td className="number">{figure(day.precision)}</td>
              <td className="number">{figure(day.recall)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function figure(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(3);
}
