import type { MetricDefinition, MetricRequest, QueryEngine } from "@ecap/sdk";
import type { RevenueFigures } from "./contract.ts";

function metric(
  name: string,
  unit: MetricDefinition["unit"],
  description: string,
  valueOf: (figures: RevenueFigures) => string | number,
): MetricDefinition {
  return {
    name: `bi.${name}`,
    version: 1,
    unit,
    description,
    async series(engine: QueryEngine, request: MetricRequest) {
      const { points, currency, asOf, versions, behind } = await (
        await import("./revenue/revenue.ts")
      ).revenueSeries(engine, request);
      return {
        points: points.map((point) => ({ start: point.start, value: valueOf(point) })),
        ...(unit === "money" && currency !== undefined && { currency }),
        asOf,
        versions,
        ...(behind !== undefined && { behind }),
      };
    },
  };
}

/** Numbers with one definition for the API, the dashboard and alerts. */
export const biMetrics: readonly MetricDefinition[] = [
  metric(
    "gross_revenue",
    "money",
    "Sales: the amounts of order lines, after discounts, before tax and shipping",
    ({ gross }) => gross,
  ),
  metric("refunded", "money", "Money given back, counted when it was", ({ refunded }) => refunded),
  metric("net_revenue", "money", "Sales less refunds plus adjustments", ({ net }) => net),
  metric("orders", "count", "Completed orders", ({ orders }) => orders),
  metric("units", "count", "Products sold", ({ units }) => units),
  metric(
    "average_order_value",
    "money",
    "Sales an order",
    ({ averageOrderValue }) => averageOrderValue,
  ),
];
