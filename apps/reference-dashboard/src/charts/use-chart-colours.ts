import { useMemo } from "react";
import { useTheme } from "../theme/use-theme.ts";

const names = [
  "text",
  "text-muted",
  "border",
  "surface",
  "accent",
  "accent-soft",
  "series-gross",
  "series-refunded",
  "map-land",
  "map-border",
  "map-low",
  "map-high",
  "good",
  "bad",
  "look",
  "warn",
] as const;
export type ChartColours = Readonly<Record<(typeof names)[number], string>>;

/** The style sheet's colours as a canvas understands them, again whenever the theme changes. */
export function useChartColours(): ChartColours {
  const theme = useTheme();
  return useMemo(() => readColours(theme), [theme]);
}

function readColours(_theme: string): ChartColours {
  const probe = document.createElement("span");
  document.body.append(probe);
  const colours = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(colours) as ChartColours;
}
