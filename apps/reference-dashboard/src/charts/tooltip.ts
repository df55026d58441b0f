import type { TooltipComponentOption } from "echarts/components";

export interface TooltipRow {
  readonly label: string;
  readonly value: string;
  readonly colour?: string;
}

/** The frame every chart's tooltip has; the style sheet draws it. */
export const tooltipFrame: TooltipComponentOption = {
  className: "chart-tooltip",
  backgroundColor: "transparent",
  borderWidth: 0,
  padding: 0,
  extraCssText: "box-shadow:none",
  confine: true,
  transitionDuration: 0.1,
};

/** Built as elements, so that names from outside stay text. */
export function tooltipContent(title: string, rows: readonly TooltipRow[]): HTMLElement {
  const box = element("div", "tooltip");
  box.append(element("strong", "tooltip-title", title));
  for (const { label, value, colour } of rows) {
    const row = element("div", "tooltip-row");
    const name = element("span", "tooltip-label", label);
    if (colour !== undefined) {
      const key = element("i", "tooltip-key");
      key.style.background = colour;
      name.prepend(key);
    }
    row.append(name, element("span", "tooltip-value", value));
    box.append(row);
  }
  return box;
}

function element(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
