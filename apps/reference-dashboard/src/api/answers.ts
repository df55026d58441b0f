/** An exact decimal, as the API writes money. `Intl.NumberFormat` reads it without going through a float. */
export type Amount = `${number}`;

/** What every answer with numbers says of itself. */
export interface Provenance {
  readonly tenant: string;
  /** The newest commit it was read from (RFC 3339); what reached the tables later is not counted. */
  readonly asOf: string;
  readonly tables: Readonly<Record<string, number>>;
}

export interface Figures {
  readonly gross: Amount;
  readonly refunded: Amount;
  readonly adjustments: Amount;
  readonly net: Amount;
  readonly orders: number;
  readonly units: number;
  readonly averageOrderValue: Amount;
}

export const grains = ["hour", "day", "week", "month"] as const;
export type Grain = (typeof grains)[number];

interface RevenueAnswer extends Provenance {
  /** ISO 4217; null where nothing was sold. */
  readonly currency: string | null;
  /** Currencies with sales that the numbers leave out. */
  readonly otherCurrencies: readonly string[];
  readonly basis: "refund_date" | "order_date";
}

export interface RevenuePoint extends Figures {
  /** A day, or an instant for hours; both UTC. */
  readonly start: string;
}

export interface RevenueSeries extends RevenueAnswer {
  readonly grain: Grain;
  readonly points: readonly RevenuePoint[];
  readonly total: Figures;
}

export interface BreakdownRow extends Figures {
  readonly value: string;
  readonly name?: string;
}

export interface RevenueBreakdown extends RevenueAnswer {
  readonly rows: readonly BreakdownRow[];
}

export interface Cohort {
  /** First month, YYYY-MM. */
  readonly cohort: string;
  readonly size: number;
  readonly customers: readonly number[];
  /** Shares of `size`, 0 to 1, by months after the first. */
  readonly retention: readonly number[];
}

export const cohortMetrics = ["purchasing", "active"] as const;
export type CohortMetric = (typeof cohortMetrics)[number];

export interface Cohorts extends Provenance {
  readonly metric: CohortMetric;
  readonly cohorts: readonly Cohort[];
}

export interface Segments extends Provenance {
  readonly segments: ReadonlyArray<{ readonly segment: string; readonly customers: number }>;
}

export interface Principal {
  readonly id: string;
  readonly role: string;
  readonly tenant: string;
}

export interface LiveEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly customerId?: string;
  readonly country?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface LiveRow {
  readonly value: string;
  readonly orders: number;
  readonly revenue: Amount;
}

/** What the BI plugin shows of the last hour, as the stream counts it. */
export interface LiveMetrics {
  /** ISO 4217; absent where nothing was sold. */
  readonly currency?: string;
  readonly minutes: ReadonlyArray<{
    readonly start: string;
    readonly orders: number;
    readonly revenue: Amount;
  }>;
  readonly countries: readonly LiveRow[];
  readonly channels: readonly LiveRow[];
  readonly products: readonly LiveRow[];
  readonly conversion?: {
    readonly since: string;
    readonly orders: number;
    readonly sessions: number;
    readonly rate: number;
  };
}

export interface LiveSnapshot {
  readonly at: string;
  readonly eventsPerSecond: number;
  /** Events of each of the last sixty seconds, oldest first. */
  readonly lastMinute: readonly number[];
  readonly ordersLastMinute: number;
  /** Newest first, like the two lists after it. */
  readonly orders: readonly LiveEvent[];
  readonly decisions: readonly LiveEvent[];
  readonly alerts: readonly LiveEvent[];
  /** By plugin; one that is not part of the platform is absent. */
  readonly plugins: { readonly bi?: LiveMetrics };
}
