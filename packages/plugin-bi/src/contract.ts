import type { Grain } from "@ecap/sdk";
import { serviceToken } from "@ecap/sdk";

/** When a refund counts: at its own date, or restating the date of the order it belongs to. */
export const refundBases = ["refund_date", "order_date"] as const;
export type RefundBasis = (typeof refundBases)[number];

export const dimensions = ["country", "product", "channel"] as const;
export type Dimension = (typeof dimensions)[number];

/** What revenue questions have in common. Instants are epoch milliseconds. */
export interface Period {
  readonly tenant: string;
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** ISO 4217. Default: the currency with the most sales in the period. */
  readonly currency?: string;
  /** Default "refund_date". */
  readonly basis?: RefundBasis;
}

/** Amounts are exact decimals; net = gross − refunded + adjustments. */
export interface RevenueFigures {
  readonly gross: string;
  readonly refunded: string;
  readonly adjustments: string;
  readonly net: string;
  readonly orders: number;
  /** Products sold, charges not among them. */
  readonly units: number;
  /** gross / orders, rounded half up to cents; "0.00" without orders. */
  readonly averageOrderValue: string;
}

export interface Answer {
  readonly currency: string | undefined;
  /** Currencies with sales that this answer leaves out. */
  readonly otherCurrencies: readonly string[];
  readonly basis: RefundBasis;
  /** Epoch milliseconds: all that was accepted before is counted. With `behind`, the newest commit it was read from. */
  readonly asOf: number;
  readonly versions: Readonly<Record<string, number>>;
  /** Tables whose newest events are not counted yet. */
  readonly behind?: readonly string[];
}

export interface RevenueSeries extends Answer {
  readonly grain: Grain;
  /** One point a bucket that has data, ascending. `start` is a day, or an instant for hours. */
  readonly points: ReadonlyArray<RevenueFigures & { readonly start: string }>;
  readonly total: RevenueFigures;
}

export interface RevenueBreakdown extends Answer {
  readonly by: Dimension;
  /** Most net revenue first; "(none)" where the value is not known. */
  readonly rows: ReadonlyArray<RevenueFigures & { readonly value: string; readonly name?: string }>;
}

export interface BiService {
  revenue(request: Period & { readonly grain: Grain }): Promise<RevenueSeries>;
  breakdown(request: Period & { readonly by: Dimension }): Promise<RevenueBreakdown>;
  /** Products by net revenue; charges and adjustments are none. */
  topProducts(request: Period & { readonly limit?: number }): Promise<RevenueBreakdown>;
}

export const biService = serviceToken<BiService>("bi");
