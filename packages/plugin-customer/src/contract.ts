import { serviceToken } from "@ecap/sdk";

export interface RfmValues {
  /** Whole days from the last order's day to the analysis day. */
  readonly recencyDays: number;
  /** Orders. */
  readonly frequency: number;
  /** What the orders came to. */
  readonly monetary: number;
}

export interface RfmScores {
  readonly recencyScore: number;
  readonly frequencyScore: number;
  readonly monetaryScore: number;
}

/** How values become scores; see `scoreRfm`. */
export const binnings = ["quantile", "rfm-package"] as const;
export type Binning = (typeof binnings)[number];

export const segments = [
  "Champions",
  "Loyal Customers",
  "Potential Loyalist",
  "New Customers",
  "Promising",
  "Need Attention",
  "About To Sleep",
  "Can't Lose Them",
  "At Risk",
  "Hibernating",
  "Others",
] as const;
export type Segment = (typeof segments)[number];

export interface RfmCustomer extends RfmValues, RfmScores {
  readonly customerId: string;
  /** Day of the last order, YYYY-MM-DD. */
  readonly lastOrder: string;
  /** Exact decimal. */
  readonly amount: string;
  readonly segment: Segment;
}

/** What an answer was computed from. */
export interface Provenance {
  /** Epoch milliseconds: all that was accepted before is counted. With `behind`, the newest commit it was computed from. */
  readonly asOf: number;
  readonly versions: Readonly<Record<string, number>>;
  /** Tables whose newest events are not counted yet. */
  readonly behind?: readonly string[];
}

export interface RfmRequest {
  readonly tenant: string;
  /** Analysis day, epoch milliseconds: orders after it do not count. Default: now. */
  readonly at?: number;
  readonly bins?: number;
  readonly binning?: Binning;
  /** ISO 4217, of the monetary value. Default: the one most customers paid in. */
  readonly currency?: string;
}

export interface CohortRequest {
  readonly tenant: string;
  /** active: any order, refund or line with the customer; purchasing: a line with positive quantity and price. */
  readonly metric: "active" | "purchasing";
  /** Cohorts from here (inclusive) to there (exclusive), epoch milliseconds. Default: all. */
  readonly from?: number;
  readonly to?: number;
}

export interface Cohort {
  /** First month, YYYY-MM. */
  readonly cohort: string;
  /** Customers of the cohort. */
  readonly size: number;
  /** Customers of the cohort seen in the first month and each one after, up to the last complete or running month. */
  readonly customers: readonly number[];
  /** The same as shares of `size`. */
  readonly retention: readonly number[];
}

export interface CustomerService {
  /** Every customer with an order, scored against all others. */
  rfm(request: RfmRequest): Promise<
    Provenance & {
      readonly currency: string | undefined;
      readonly customers: readonly RfmCustomer[];
    }
  >;
  /** Monthly retention by the month a customer was first seen. */
  cohorts(request: CohortRequest): Promise<Provenance & { readonly cohorts: readonly Cohort[] }>;
}

export const customerService = serviceToken<CustomerService>("customer");
