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

/** Net revenue as an area, gross as a dashed line over it, refunds as bars; a bucket that is not over has a hollow point. */
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
    grid: { left: 4, right: 12, top: 16, bottom: 0, containLabel: true },
    xAxis: {
      type: "category",
      data: buckets.map(({ at }) => formatBucket(at, grain)),
      boundaryGap: true,
      axisLine: { lineStyle: { color: colours.border } },
      axisTick: { show: false },
      axisLabel: { ...muted, hideOverlap: true, margin: 10 },
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
        data: buckets.map(({ gross }) => Number(gross)),
        showSymbol: lone,
        symbol: "diamond",
        lineStyle: { color: colours["series-gross"], width: 1.5, type: [4, 4] },
        itemStyle: { color: colours["series-gross"] },
      },
      {
        type: "line",
        name: "Net",
        data: buckets.map(({ net, isRunning }) => ({
          value: Number(net),
          symbol: isRunning ? "emptyCircle" : "circle",
          symbolSize: isRunning || lone ? 8 : 0,
        })),
        showAllSymbol: true,
        lineStyle: { color: colours.accent, width: 2.25 },
        itemStyle: { color: colours.accent, borderWidth: 2 },
        areaStyle: {
          color: {
            type: "linear",
            x: 0,
            y: 0,
            x2: 0,
            y2: 1,
            colorStops: [
              { offset: 0, color: withAlpha(colours.accent, 0.24) },
              { offset: 1, color: withAlpha(colours.accent, 0.02) },
            ],
          },
        },
      },
    ],
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

/** A computed colour, `rgb(1, 2, 3)`, made transparent. */
function withAlpha(colour: string, alpha: number): string {
  const [red = 0, green = 0, blue = 0] = colour.match(/[\d.]+/g)?.map(Number) ?? [];
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}
