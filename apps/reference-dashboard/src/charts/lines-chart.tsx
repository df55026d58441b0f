import { useMemo } from "react";
import { formatCount } from "../format/numbers.ts";
import { Chart } from "./chart.tsx";
import type { ChartOption } from "./chart-option.ts";
import { tooltipContent, tooltipFrame } from "./tooltip.ts";
import { type ChartColours, useChartColours } from "./use-chart-colours.ts";

/** A point that is not there is a gap. */
type Values = ReadonlyArray<number | undefined>;

export interface ChartLine {
  readonly name: string;
  readonly values: Values;
  /** Lines are told apart by their stroke and points as well as by their colour. */
  readonly look: keyof typeof looks;
}

interface LinesChartProps {
  readonly buckets: ReadonlyArray<{ readonly short: string; readonly full: string }>;
  readonly lines: readonly ChartLine[];
  /** Counts behind the lines, on an axis of their own. */
  readonly bars?: { readonly name: string; readonly values: readonly number[] };
  readonly format: (value: number) => string;
  /** Of the left axis. Default: as far as the values go. */
  readonly max?: number;
  readonly label: string;
}

const looks = {
  main: { colour: "accent", symbol: "circle", width: 2.25, dash: "solid" },
  second: { colour: "series-gross", symbol: "diamond", width: 1.5, dash: [4, 4] },
  third: { colour: "series-refunded", symbol: "triangle", width: 1.5, dash: [1, 3] },
} as const;

/** Lines over time, with bars behind them. */
export function LinesChart({ label, ...of }: LinesChartProps) {
  const colours = useChartColours();
  const { buckets, lines, bars, format, max } = of;
  const option = useMemo(
    () => linesOption({ buckets, lines, bars, format, max }, colours),
    [buckets, lines, bars, format, max, colours],
  );
  return <Chart option={option} label={label} className="chart-curve" />;
}

type Drawn = Pick<LinesChartProps, "buckets" | "lines" | "format"> & {
  readonly bars: LinesChartProps["bars"] | undefined;
  readonly max: number | undefined;
};

function linesOption(drawn: Drawn, colours: ChartColours): ChartOption {
  const { buckets, lines, bars, format, max } = drawn;
  const muted = { color: colours["text-muted"], fontSize: 11 };
  return {
    grid: { left: 0, right: 4, top: 12, bottom: 6, outerBoundsMode: "same" },
    xAxis: {
      type: "category",
      data: buckets.map(({ short }) => short),
      axisLine: { lineStyle: { color: colours.border } },
      axisTick: { show: false },
      axisLabel: { ...muted, hideOverlap: true, margin: 10 },
    },
    yAxis: [
      {
        type: "value",
        min: 0,
        ...(max !== undefined && { max, interval: max / 4 }),
        axisLabel: { ...muted, formatter: format },
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
      formatter: (hovered) =>
        describe(drawn, (Array.isArray(hovered) ? hovered[0] : hovered)?.dataIndex ?? -1),
    },
    series: [
      ...(bars === undefined
        ? []
        : [
            {
              type: "bar" as const,
              name: bars.name,
              yAxisIndex: 1,
              data: [...bars.values],
              itemStyle: { color: colours["accent-soft"], borderRadius: [2, 2, 0, 0] },
              barMaxWidth: 28,
            },
          ]),
      // The main line lies over the others.
      ...lines.toReversed().map(({ name, values, look }) => {
        const { colour, symbol, width, dash } = looks[look];
        return {
          type: "line" as const,
          name,
          data: values.map((value) => value ?? null),
          showSymbol: true,
          symbol,
          symbolSize: 7,
          lineStyle: {
            color: colours[colour],
            width,
            type: typeof dash === "string" ? dash : [...dash],
          },
          itemStyle: { color: colours[colour] },
        };
      }),
    ],
  };
}

function describe({ buckets, lines, bars, format }: Drawn, at: number): HTMLElement | string {
  const bucket = buckets[at];
  if (bucket === undefined) return "";
  return tooltipContent(bucket.full, [
    ...lines.map(({ name, values }) => {
      const value = values[at];
      return { label: name, value: value === undefined ? "–" : format(value) };
    }),
    ...(bars === undefined ? [] : [{ label: bars.name, value: formatCount(bars.values[at] ?? 0) }]),
  ]);
}
