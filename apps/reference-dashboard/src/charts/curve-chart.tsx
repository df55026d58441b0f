import { useMemo } from "react";
import type { LabelWeek } from "../api/fraud-answers.ts";
import { formatCount, formatPercent } from "../format/numbers.ts";
import { formatBucket, formatBucketInFull } from "../format/times.ts";
import { Chart } from "./chart.tsx";
import type { ChartOption } from "./chart-option.ts";
import { tooltipContent, tooltipFrame } from "./tooltip.ts";
import { type ChartColours, useChartColours } from "./use-chart-colours.ts";

interface CurveChartProps {
  readonly weeks: readonly LabelWeek[];
  readonly label: string;
}

/** Precision as a line, recall dashed, and how many payments were labelled as bars behind them. */
export function CurveChart({ weeks, label }: CurveChartProps) {
  const colours = useChartColours();
  const option = useMemo(() => curveOption(weeks, colours), [weeks, colours]);
  return <Chart option={option} label={label} className="chart-curve" />;
}

function curveOption(weeks: readonly LabelWeek[], colours: ChartColours): ChartOption {
  const muted = { color: colours["text-muted"], fontSize: 11 };
  return {
    grid: { left: 0, right: 4, top: 12, bottom: 6, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      data: weeks.map(({ week }) => formatBucket(Date.parse(week), "week")),
      axisLine: { lineStyle: { color: colours.border } },
      axisTick: { show: false },
      axisLabel: { ...muted, hideOverlap: true, margin: 10 },
    },
    yAxis: [
      {
        type: "value",
        min: 0,
        max: 1,
        interval: 0.25,
        axisLabel: { ...muted, formatter: (value: number) => formatPercent(value) },
        splitLine: { lineStyle: { color: colours.border, type: [3, 4] } },
      },
      {
        type: "value",
        minInterval: 1,
        axisLabel: { ...muted, formatter: (value: number) => formatCount(value) },
        splitLine: { show: false },
      },
    ],
    tooltip: {
      ...tooltipFrame,
      trigger: "axis",
      formatter: (hovered) => {
        const week = weeks[(Array.isArray(hovered) ? hovered[0] : hovered)?.dataIndex ?? -1];
        return week === undefined ? "" : describe(week);
      },
    },
    series: [
      {
        type: "bar",
        name: "Labelled",
        yAxisIndex: 1,
        data: weeks.map(({ labelled }) => labelled),
        itemStyle: { color: colours["accent-soft"], borderRadius: [2, 2, 0, 0] },
        barMaxWidth: 28,
      },
      {
        type: "line",
        name: "Recall",
        data: weeks.map(({ recall }) => recall ?? null),
        showSymbol: true,
        symbol: "diamond",
        symbolSize: 7,
        lineStyle: { color: colours["series-gross"], width: 1.5, type: [4, 4] },
        itemStyle: { color: colours["series-gross"] },
      },
      {
        type: "line",
        name: "Precision",
        data: weeks.map(({ precision }) => precision ?? null),
        showSymbol: true,
        symbol: "circle",
        symbolSize: 7,
        lineStyle: { color: colours.accent, width: 2.25 },
        itemStyle: { color: colours.accent },
      },
    ],
  };
}

function describe(week: LabelWeek): HTMLElement {
  return tooltipContent(formatBucketInFull(Date.parse(week.week), "week"), [
    { label: "Precision", value: share(week.precision) },
    { label: "Recall", value: share(week.recall) },
    { label: "Labelled", value: `${formatCount(week.labelled)} of ${formatCount(week.payments)}` },
  ]);
}

const share = (value: number | undefined): string =>
  value === undefined ? "–" : formatPercent(value);
