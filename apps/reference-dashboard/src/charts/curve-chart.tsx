import { useMemo } from "react";
import type { LabelWeek } from "../api/fraud-answers.ts";
import { formatPercent } from "../format/numbers.ts";
import { formatBucket, formatBucketInFull } from "../format/times.ts";
import { type ChartLine, LinesChart } from "./lines-chart.tsx";

interface CurveChartProps {
  readonly weeks: readonly LabelWeek[];
  readonly label: string;
}

/** Precision as a line, recall dashed, and how many payments were labelled as bars behind them. */
export function CurveChart({ weeks, label }: CurveChartProps) {
  const drawn = useMemo(
    () => ({
      buckets: weeks.map(({ week }) => ({
        short: formatBucket(Date.parse(week), "week"),
        full: formatBucketInFull(Date.parse(week), "week"),
      })),
      lines: [
        { name: "Precision", values: weeks.map(({ precision }) => precision), look: "main" },
        { name: "Recall", values: weeks.map(({ recall }) => recall), look: "second" },
      ] satisfies readonly ChartLine[],
      bars: { name: "Labelled", values: weeks.map(({ labelled }) => labelled) },
    }),
    [weeks],
  );
  return <LinesChart {...drawn} format={formatPercent} max={1} label={label} />;
}
