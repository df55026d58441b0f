import { useMemo } from "react";
import { formatCount, formatMoney, formatPercent } from "../format/numbers.ts";
import { countryName } from "../geo/country.ts";
import { project, unproject } from "../geo/equal-earth.ts";
import type { CountrySales } from "../geo/sales-by-country.ts";
import { world } from "../geo/world.ts";
import { Chart } from "./chart.tsx";
import type { ChartOption } from "./chart-option.ts";
import { registerMap } from "./echarts.ts";
import { tooltipContent, tooltipFrame } from "./tooltip.ts";
import { type ChartColours, useChartColours } from "./use-chart-colours.ts";

registerMap("world", world.features);

interface WorldMapProps {
  readonly sales: readonly CountrySales[];
  readonly currency: string | null;
  readonly label: string;
  /** What the amounts and counts are called. */
  readonly words?: MapWords;
}

interface MapWords {
  readonly amount: string;
  readonly count: string;
  readonly none: string;
}

const salesWords: MapWords = { amount: "Net revenue", count: "Orders", none: "No sales" };

/** Countries shaded by an amount, those too small to see as dots. */
export function WorldMap({ sales, currency, label, words = salesWords }: WorldMapProps) {
  const colours = useChartColours();
  const option = useMemo(
    () => mapOption(sales, currency, colours, words),
    [sales, currency, colours, words],
  );
  return <Chart option={option} label={label} className="chart-map" />;
}

function mapOption(
  sales: readonly CountrySales[],
  currency: string | null,
  colours: ChartColours,
  words: MapWords,
): ChartOption {
  const placed = sales.filter(({ code }) => code !== undefined && world.codes.has(code));
  const byCode = new Map(placed.map((country) => [country.code, country]));
  const total = sales.reduce((sum, { net }) => sum + Math.max(0, Number(net)), 0);
  const line = { borderColor: colours["map-border"], borderWidth: 0.5 };
  return {
    // A shop sells by orders of magnitude more at home: the root keeps the others apart.
    visualMap: {
      show: false,
      min: 0,
      max: Math.max(1, ...placed.map(shade)),
      inRange: { color: [colours["map-low"], colours["map-high"]] },
      seriesIndex: [0, 1],
    },
    tooltip: {
      ...tooltipFrame,
      trigger: "item",
      formatter: (hovered) => {
        const code = (Array.isArray(hovered) ? hovered[0] : hovered)?.name ?? "";
        const country = byCode.get(code);
        if (country === undefined)
          return tooltipContent(/^[A-Z]{2}$/.test(code) ? countryName(code) : code, [
            { label: words.none, value: "" },
          ]);
        return tooltipContent(country.name, [
          { label: words.amount, value: formatMoney(country.net, currency) },
          {
            label: "Share",
            value: total === 0 ? "–" : formatPercent(Math.max(0, Number(country.net)) / total),
          },
          { label: words.count, value: formatCount(country.orders) },
        ]);
      },
    },
    geo: {
      map: "world",
      projection: { project, unproject },
      left: 0,
      right: 0,
      top: 0,
      bottom: 0,
      itemStyle: { areaColor: colours["map-land"], ...line },
      emphasis: { label: { show: false }, itemStyle: { areaColor: colours.accent } },
    },
    series: [
      {
        type: "map",
        geoIndex: 0,
        data: placed.map((country) => ({ name: country.code ?? "", value: shade(country) })),
      },
      {
        type: "scatter",
        coordinateSystem: "geo",
        symbolSize: 8,
        itemStyle: { borderColor: colours.surface, borderWidth: 1 },
        data: placed.flatMap((country) => {
          const [longitude, latitude] = world.small.get(country.code ?? "") ?? [];
          return longitude === undefined || latitude === undefined
            ? []
            : [{ name: country.code ?? "", value: [longitude, latitude, shade(country)] }];
        }),
      },
    ],
  };
}

function shade({ net }: CountrySales): number {
  return Math.sqrt(Math.max(0, Number(net)));
}
