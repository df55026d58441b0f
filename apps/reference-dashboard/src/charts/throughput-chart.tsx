import { useMemo } from "react";
import { formatCompact, formatCount } from "../format/numbers.ts";
import { Chart } from "./chart.tsx";
import type { ChartOption } from "./chart-option.ts";
import { tooltipContent, tooltipFrame } from "./tooltip.ts";
import { useChartColours } from "./use-chart-colours.ts";

interface ThroughputChartProps {
  /** Events of each of the last seconds, oldest first. */
  readonly seconds: readonly number[];
}

export function ThroughputChart({ seconds }: ThroughputChartProps) {
  const colours = useChartColours();
  const option = useMemo((): ChartOption => {
    const muted = { color: colours["text-muted"], fontSize: 11 };
    const ago = (index: number): string =>
      index === seconds.length - 1 ? "now" : `−${seconds.length - 1 - index} s`;
    return {
      animation: false,
      grid: { left: 0, right: 16, top: 10, bottom: 6, outerBoundsMode: "same" },
      xAxis: {
        type: "category",
        data: seconds.map((_, index) => ago(index)),
        axisLine: { lineStyle: { color: colours.border } },
        axisTick: { show: false },
        axisLabel: {
          ...muted,
          interval: (index: number) => (seconds.length - 1 - index) % 15 === 0,
        },
      },
      yAxis: {
        type: "value",
        minInterval: 1,
        splitNumber: 3,
        axisLabel: { ...muted, formatter: formatCompact },
        splitLine: { lineStyle: { color: colours.border, type: [3, 4] } },
      },
      tooltip: {
        ...tooltipFrame,
        trigger: "axis",
        axisPointer: { type: "shadow", shadowStyle: { color: colours["accent-soft"] } },
        formatter: (hovered) => {
          const index = (Array.isArray(hovered) ? hovered[0] : hovered)?.dataIndex ?? 0;
          return tooltipContent(ago(index), [
            { label: "Events", value: formatCount(seconds[index] ?? 0), colour: colours.accent },
          ]);
        },
      },
      series: [
        {
          type: "bar",
          data: [...seconds],
          itemStyle: { color: colours.accent, borderRadius: [2, 2, 0, 0] },
          barCategoryGap: "25%",
        },
      ],
    };
  }, [seconds, colours]);
  const total = seconds.reduce((sum, count) => sum + count, 0);
  return (
    <Chart
      option={option}
      label={`Events of each of the last ${seconds.length} seconds: ${formatCount(total)} together, ${formatCount(Math.max(0, ...seconds))} at most`}
      className="chart-throughput"
    />
  );
}
