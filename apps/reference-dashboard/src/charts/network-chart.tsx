import { useMemo } from "react";
import type { Network, NetworkNode } from "../api/fraud-answers.ts";
import { formatMoney } from "../format/numbers.ts";
import { Chart } from "./chart.tsx";
import type { ChartOption } from "./chart-option.ts";
import { tooltipContent, tooltipFrame } from "./tooltip.ts";
import { type ChartColours, useChartColours } from "./use-chart-colours.ts";

interface NetworkChartProps {
  readonly of: Network;
  readonly label: string;
}

/** Payments as discs, what they share as other shapes; it can be moved and zoomed. */
export function NetworkChart({ of, label }: NetworkChartProps) {
  const colours = useChartColours();
  const option = useMemo(() => networkOption(of, colours), [of, colours]);
  return <Chart option={option} label={label} className="chart-network" />;
}

const symbols: Readonly<Record<NetworkNode["kind"], string>> = {
  payment: "circle",
  customer: "triangle",
  card: "roundRect",
  device: "rect",
  email: "pin",
  phone: "arrow",
  ip: "diamond",
};

/** What belongs to the same payments lies close together: its names go different ways. */
const labelPositions = {
  payment: "inside",
  customer: "top",
  card: "right",
  device: "left",
  email: "top",
  phone: "bottom",
  ip: "bottom",
} as const;

function networkOption({ nodes, edges }: Network, colours: ChartColours): ChartOption {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const links = new Map<string, number>();
  for (const { from, to } of edges)
    for (const id of [from, to]) links.set(id, (links.get(id) ?? 0) + 1);
  const most = Math.max(1, ...nodes.map(({ amount = 0 }) => amount));
  return {
    tooltip: {
      ...tooltipFrame,
      trigger: "item",
      formatter: (hovered) => {
        const one = Array.isArray(hovered) ? hovered[0] : hovered;
        const node = byId.get(one?.name ?? "");
        return node === undefined ? "" : describe(node, links.get(node.id) ?? 0);
      },
    },
    series: [
      {
        type: "graph",
        layout: "force",
        roam: true,
        scaleLimit: { min: 0.4, max: 4 },
        // Laid out at once: a picture that goes on moving is hard to read.
        force: {
          repulsion: Math.max(90, 420 - 4 * nodes.length),
          edgeLength: nodes.length < 40 ? [70, 140] : [30, 90],
          gravity: 0.1,
          layoutAnimation: false,
        },
        labelLayout: { hideOverlap: true },
        data: nodes.map((node) => ({
          id: node.id,
          name: node.id,
          symbol: symbols[node.kind],
          symbolSize:
            node.kind === "payment"
              ? 9 + 13 * Math.sqrt((node.amount ?? 0) / most)
              : 8 + Math.min(8, links.get(node.id) ?? 0),
          itemStyle: {
            color: colourOf(node, colours),
            borderColor: colours.surface,
            borderWidth: 1,
          },
          label: {
            show: node.kind !== "payment" && (links.get(node.id) ?? 0) > 1,
            formatter: `${node.kind === "ip" ? "IP" : node.kind} ${short(node.value)}`,
            position: labelPositions[node.kind],
            color: colours["text-muted"],
            fontSize: 11,
          },
        })),
        links: edges.map(({ from, to }) => ({ source: from, target: to })),
        lineStyle: { color: colours["text-muted"], opacity: 0.45, width: 1 },
        emphasis: { focus: "adjacency", lineStyle: { width: 2 } },
      },
    ],
  };
}

function colourOf({ kind, outcome, verdict }: NetworkNode, colours: ChartColours): string {
  if (kind !== "payment") return colours["text-muted"];
  if (verdict === "fraud") return colours.bad;
  if (verdict === "legitimate") return colours.good;
  return outcome === "review" || outcome === "decline" ? colours.look : colours.accent;
}

function describe(node: NetworkNode, links: number): HTMLElement {
  const title = `${node.kind === "ip" ? "address" : node.kind} ${node.value}`;
  if (node.kind !== "payment")
    return tooltipContent(title, [{ label: "Links", value: String(links) }]);
  return tooltipContent(title, [
    { label: "Decision", value: node.outcome ?? "–" },
    {
      label: "Amount",
      value: node.amount === undefined ? "–" : formatMoney(node.amount, node.currency ?? null),
    },
    { label: "Label", value: node.verdict ?? "none" },
  ]);
}

function short(id: string): string {
  return id.length > 14 ? `${id.slice(0, 6)}…${id.slice(-5)}` : id;
}
