import { useMemo } from "react";
import { formatCount, formatMoney } from "../format/numbers.ts";
import { formatTime } from "../format/times.ts";
import { Chart } from "./chart.tsx";
import type { ChartOption } from "./chart-option.ts";
import { tooltipContent, tooltipFrame } from "./tooltip.ts";
import { useChartColours } from "./use-chart-colours.ts";

interface MinutesChartProps {
  /** Oldest first; `start` is RFC 3339. */
  readonly minutes: ReadonlyArray<{
    readonly start: string;
    readonly orders: number;
    readonly revenue: `${number}`;
  }>;
  readonly currency: string | null;
}

/** Revenue of each minute as the stream counts it. */
export function MinutesChart({ minutes, currency }: MinutesChartProps) {
  const colours = useChartColours();
  const option = useMemo((): ChartOption => {
    const muted = { color: colours["text-muted"], fontSize: 11 };
    const timeOf = (index: number): string => formatTime(Date.parse(minutes[index]?.start ?? ""));
    return {
      animation: false,
      grid: { left: 0, right: 16, top: 10, bottom: 6, outerBoundsMode: "same" },
      xAxis: {
        type: "category",
        data: minutes.map((_, index) => timeOf(index).slice(0, 5)),
        axisLine: { lineStyle: { color: colours.border } },
        axisTick: { show: false },
        axisLabel: { ...muted, interval: (index: number) => index % 15 === 14 },
      },
      yAxis: {
        type: "value",
        splitNumber: 3,
        axisLabel: {
          ...muted,
          formatter: (value: number) => formatMoney(value, currency, { style: "compact" }),
        },
        splitLine: { lineStyle: { color: colours.border, type: [3, 4] } },
      },
      tooltip: {
        ...tooltipFrame,
        trigger: "axis",
        axisPointer: { type: "shadow", shadowStyle: { color: colours["accent-soft"] } },
        formatter: (hovered) => {
          const index = (Array.isArray(hovered) ? hovered[0] : hovered)?.dataIndex ?? 0;
          const { revenue = "0", orders = 0 } = minutes[index] ?? {};
          return tooltipContent(`${timeOf(index).slice(0, 5)} UTC`, [
            { label: "Revenue", value: formatMoney(revenue, currency), colour: colours.accent },
            { label: "Orders", value: formatCount(orders), colour: colours["text-muted"] },
          ]);
        },
      },
      series: [
        {
          type: "bar",
          data: minutes.map(({ revenue }) => Number(revenue)),
          itemStyle: { color: colours.accent, borderRadius: [2, 2, 0, 0] },
          barCategoryGap: "25%",
        },
      ],
    };
  }, [minutes, currency, colours]);
  const orders = minutes.reduce((sum, minute) => sum + minute.orders, 0);
  return (
    <Chart
      option={option}
      label={`Revenue of each of the last ${minutes.length} minutes, of ${formatCount(orders)} orders`}
      className="chart-throughput"
    />
  );
}
