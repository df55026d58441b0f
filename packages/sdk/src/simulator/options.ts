/** Frauds the shop suffers, each with its own marks. */
export const fraudScenarios = [
  "card_testing",
  "account_takeover",
  "stolen_card",
  "velocity_burst",
  "impossible_travel",
  "refund_abuse",
] as const;
export type FraudScenario = (typeof fraudScenarios)[number];

/** Incidents in a thousand orders of a shop that suffers as shops do: of its payments, less than one in two hundred is a fraud. */
export const usualFraud: Readonly<Record<FraudScenario, number>> = {
  card_testing: 0.12,
  account_takeover: 0.5,
  stolen_card: 0.25,
  velocity_burst: 0.07,
  impossible_travel: 0.45,
  refund_abuse: 0.08,
};

/** Deliveries that go wrong, each as a share of all events. */
export interface Faults {
  /** Further events that no schema accepts. Default 0. */
  readonly malformed?: number;
  /** Delivered up to two days after they happened. Default 0. */
  readonly late?: number;
  /** Delivered a second time, with the same id, within ten minutes. Default 0. */
  readonly duplicate?: number;
  /** Delivered within half a minute after they happened, so that others overtake them. Default 0. */
  readonly outOfOrder?: number;
}

/** A stretch of time with other traffic than usual: a factor of 0.1 is a drop, of 5 a spike. */
export interface Anomaly {
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

export interface SimulationOptions {
  /** The same seed and options give the same bytes. Default "ecap". */
  readonly seed?: string | number;
  /** First instant, epoch milliseconds. */
  readonly from: number;
  /** Last instant, exclusive. Default: never. */
  readonly to?: number;
  /** Mean over the run where it has an end, else over a year. Default 230. */
  readonly ordersPerDay?: number;
  /** full: everything visitors do; orders: only orders and their payments, for high rates. Default full. */
  readonly journeys?: "full" | "orders";
  /** Share of sessions that buy. Real shops have 0.02 to 0.04; the default of 0.3 keeps histories small. */
  readonly conversion?: number;
  /** ISO 4217 code all prices are in. Default "EUR". */
  readonly currency?: string;
  /** How many products the shop sells. Default 200. */
  readonly products?: number;
  /** When the shop opened: before `from` it already had customers. Default `from`. */
  readonly openedAt?: number;
  /** Growth of traffic a year. Default 0.3. */
  readonly growth?: number;
  /** Seasons of hour, weekday and month. Default true; false gives an even rate. */
  readonly seasonal?: boolean;
  /** Whether the run begins with the product catalogue. Default true. */
  readonly catalogue?: boolean;
  /** Incidents in a thousand orders, by scenario. Default {@link usualFraud}; {} for none. */
  readonly fraud?: Partial<Readonly<Record<FraudScenario, number>>>;
  readonly anomalies?: readonly Anomaly[];
  readonly faults?: Faults;
}

export type ResolvedOptions = Required<SimulationOptions>;

export function resolveOptions(options: SimulationOptions): ResolvedOptions {
  return {
    seed: "ecap",
    to: Number.POSITIVE_INFINITY,
    ordersPerDay: 230,
    journeys: "full",
    conversion: 0.3,
    currency: "EUR",
    products: 200,
    openedAt: options.from,
    growth: 0.3,
    seasonal: true,
    catalogue: true,
    fraud: usualFraud,
    anomalies: [],
    faults: {},
    ...options,
  };
}
