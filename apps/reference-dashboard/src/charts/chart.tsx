import type { EChartsType } from "echarts/core";
import { useEffect, useRef } from "react";
import type { ChartOption } from "./chart-option.ts";

interface ChartProps {
  readonly option: ChartOption;
  /** What a reader who does not see the picture is told of it. */
  readonly label: string;
  readonly className?: string;
}

/** A picture drawn by ECharts, which is loaded with the first of them. It fills its box and follows its size. */
export function Chart({ option, label, className = "" }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  const latest = useRef(option);
  latest.current = option;

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    let isGone = false;
    // A box on its way out of the document has no size, and nothing can be drawn in it.
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientHeight > 0) chart.current?.resize();
    });
    void import("./echarts.ts").then(({ init }) => {
      if (isGone) return;
      chart.current = init(element, null, { renderer: "canvas" });
      draw(chart.current, latest.current);
      observer.observe(element);
    });
    return () => {
      isGone = true;
      observer.disconnect();
      chart.current?.dispose();
      chart.current = undefined;
    };
  }, []);

  useEffect(() => {
    if (chart.current !== undefined) draw(chart.current, option);
  }, [option]);

  return <div ref={box} role="img" aria-label={label} className={`chart ${className}`} />;
}

function draw(chart: EChartsType, option: ChartOption): void {
  const { fontFamily } = getComputedStyle(chart.getDom());
  const isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  chart.setOption(
    {
      animationDuration: 350,
      animationDurationUpdate: 250,
      textStyle: { fontFamily },
      ...option,
      ...(isStill && { animation: false }),
    },
    { notMerge: true },
  );
}
