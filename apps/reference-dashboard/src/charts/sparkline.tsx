const width = 120;
const height = 32;

interface SparklineProps {
  readonly values: readonly number[];
}

/** The shape of a series beside its number, which tells the rest: so nothing for a screen reader. */
export function Sparkline({ values }: SparklineProps) {
  if (values.length < 2) return <div className="sparkline" />;
  const top = Math.max(...values, 0);
  const bottom = Math.min(...values, 0);
  const range = top - bottom || 1;
  const points = values.map(
    (value, index) =>
      `${((index / (values.length - 1)) * width).toFixed(2)},${(height - 2 - ((value - bottom) / range) * (height - 4)).toFixed(2)}`,
  );
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <polygon
        className="sparkline-area"
        points={`0,${height} ${points.join(" ")} ${width},${height}`}
      />
      <polyline
        className="sparkline-line"
        points={points.join(" ")}
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
