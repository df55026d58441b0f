import type { QueryEngine, QueryProvenance } from "../ports/query-engine.ts";

export const grains = ["hour", "day", "week", "month"] as const;
export type Grain = (typeof grains)[number];

export interface MetricRequest {
  readonly tenant: string;
  /** Epoch milliseconds, inclusive. */
  readonly from: number;
  /** Epoch milliseconds, exclusive. */
  readonly to: number;
  readonly grain: Grain;
}

/** Points, and what they were read from. */
export interface MetricSeries extends Pick<QueryProvenance, "asOf" | "versions" | "behind"> {
  /** One point a bucket that has data, ascending; `value` is an exact decimal string for money and a number otherwise. */
  readonly points: ReadonlyArray<{ readonly start: string; readonly value: string | number }>;
  /** ISO 4217 code of money values. */
  readonly currency?: string;
}

/** A number over time with one definition, which the API, the dashboard and alerts all use. */
export interface MetricDefinition {
  /** As in `bi.net_revenue`: the plugin, a dot, the metric. */
  readonly name: string;
  /** Grows whenever the definition changes what is counted. */
  readonly version: number;
  readonly description: string;
  readonly unit: "money" | "count" | "ratio";
  readonly series: (engine: QueryEngine, request: MetricRequest) => Promise<MetricSeries>;
}
