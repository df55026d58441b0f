import type { LineSeriesOption } from "echarts/charts";
import type { LinearGradientObject } from "echarts/core";
import { useMemo } from "react";
import type { Grain } from "../api/answers.ts";
import { formatCount, formatMoney } from "../format/numbers.ts";
import { formatBucket, formatBucketInFull } from "../format/times.ts";
import type { Bucket } from "../period/fill-buckets.ts";
import { Chart } from "./chart.tsx";
import type { ChartOption } from "./chart-option.ts";
import { tooltipContent, tooltipFrame } from "./tooltip.ts";
import { type ChartColours, useChartColours } from "./use-chart-colours.ts";

interface RevenueChartProps {
  readonly buckets: readonly Bucket[];
  readonly grain: Grain;
  readonly currency: string | null;
  readonly label: string;
}

/** Net revenue as an area, gross as a dashed line over it, refunds as bars. What is not over yet is dotted. */
export function RevenueChart({ buckets, grain, currency, label }: RevenueChartProps) {
  const colours = useChartColours();
  const option = useMemo(
    () => revenueOption(buckets, grain, currency, colours),
    [buckets, grain, currency, colours],
  );
  return <Chart option={option} label={label} className="chart-revenue" />;
}

function revenueOption(
  buckets: readonly Bucket[],
  grain: Grain,
  currency: string | null,
  colours: ChartColours,
): ChartOption {
  const lone = buckets.length === 1;
  const muted = { color: colours["text-muted"], fontSize: 11 };
  return {
    grid: { left: 0, right: 12, top: 12, bottom: 6, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      data: buckets.map(({ at }) => formatBucket(at, grain)),
      boundaryGap: true,
      axisLine: { lineStyle: { color: colours.border } },
      axisTick: { show: false },
      axisLabel: { ...muted, hideOverlap: true, margin: 10, interval: labelled(buckets, grain) },
    },
    yAxis: {
      type: "value",
      splitNumber: 4,
      axisLabel: {
        ...muted,
        formatter: (value: number) => formatMoney(value, currency, { style: "compact" }),
      },
      splitLine: { lineStyle: { color: colours.border, type: [3, 4] } },
    },
    tooltip: {
      ...tooltipFrame,
      trigger: "axis",
      axisPointer: {
        type: "line",
        lineStyle: { color: colours["text-muted"], type: "solid", width: 1 },
      },
      formatter: (hovered) => {
        const bucket = buckets[(Array.isArray(hovered) ? hovered[0] : hovered)?.dataIndex ?? -1];
        return bucket === undefined ? "" : describe(bucket, grain, currency, colours);
      },
    },
    series: [
      {
        type: "bar",
        name: "Refunded",
        data: buckets.map(({ refunded }) => Number(refunded)),
        itemStyle: { color: colours["series-refunded"], borderRadius: [2, 2, 0, 0] },
        barMaxWidth: 14,
        barMinWidth: 1,
        barCategoryGap: "35%",
      },
      {
        type: "line",
        name: "Gross",
        data: buckets.map(({ gross, isRunning }) => (isRunning && !lone ? null : Number(gross))),
        showSymbol: lone,
        symbol: "diamond",
        symbolSize: 8,
        lineStyle: { color: colours["series-gross"], width: 1.5, type: [4, 4] },
        itemStyle: { color: colours["series-gross"] },
      },
      {
        type: "line",
        name: "Net",
        data: buckets.map(({ net, isRunning }) => (isRunning && !lone ? null : Number(net))),
        showSymbol: lone,
        symbol: "circle",
        symbolSize: 8,
        lineStyle: { color: colours.accent, width: 2.25 },
        itemStyle: { color: colours.accent },
        areaStyle: { color: fade(colours.accent) },
      },
      ...(lone ? [] : [runningSeries(buckets, colours)]),
    ],
  };
}

/** Hours of more than two days are labelled by their days alone. */
function labelled(buckets: readonly Bucket[], grain: Grain): "auto" | ((index: number) => boolean) {
  if (grain !== "hour" || buckets.length <= 48) return "auto";
  return (index) => new Date(buckets[index]?.at ?? 0).getUTCHours() === 0;
}

/** From the last whole bucket to the one that is not over: dotted, since it will rise. */
function runningSeries(buckets: readonly Bucket[], colours: ChartColours): LineSeriesOption {
  return {
    type: "line",
    name: "Net so far",
    data: buckets.map(({ net, isRunning }, index) =>
      isRunning || buckets[index + 1]?.isRunning === true
        ? { value: Number(net), symbolSize: isRunning ? 8 : 0 }
        : null,
    ),
    symbol: "emptyCircle",
    showAllSymbol: true,
    lineStyle: { color: colours.accent, width: 2, type: [2, 4] },
    itemStyle: { color: colours.accent, borderWidth: 2 },
  };
}

function describe(
  bucket: Bucket,
  grain: Grain,
  currency: string | null,
  colours: ChartColours,
): HTMLElement {
  const title = formatBucketInFull(bucket.at, grain) + (bucket.isRunning ? " (so far)" : "");
  return tooltipContent(title, [
    { label: "Net", value: formatMoney(bucket.net, currency), colour: colours.accent },
    { label: "Gross", value: formatMoney(bucket.gross, currency), colour: colours["series-gross"] },
    {
      label: "Refunded",
      value: formatMoney(bucket.refunded, currency),
      colour: colours["series-refunded"],
    },
    ...(Number(bucket.adjustments) === 0
      ? []
      : [{ label: "Adjustments", value: formatMoney(bucket.adjustments, currency) }]),
    { label: "Orders", value: formatCount(bucket.orders) },
  ]);
}

/** From the colour to next to nothing, downwards. */
function fade(colour: string): LinearGradientObject {
  const stop = (offset: number, alpha: number) => ({ offset, color: withAlpha(colour, alpha) });
  return { type: "linear", x: 0, y: 0, x2: 0, y2: 1, colorStops: [stop(0, 0.24), stop(1, 0.02)] };
}

/** A computed colour, `rgb(1, 2, 3)`, made transparent. */
function withAlpha(colour: string, alpha: number): string {
  const [red = 0, green = 0, blue = 0] = colour.match(/[\d.]+/g)?.map(Number) ?? [];
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}
