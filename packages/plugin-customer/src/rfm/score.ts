import type { Binning, RfmScores, RfmValues } from "../contract.ts";
import { quantile } from "./quantile.ts";

export interface ScoreOptions {
  /** Scores go from 1 to this. Default 5. */
  readonly bins?: number;
  /** Default "quantile". */
  readonly binning?: Binning;
}

/**
 * RFM scores from 1 to `bins`, the best being the highest: the most recent, the most frequent, the most spent.
 *
 * "quantile": a value belongs to the lowest bin whose upper cut point (type-7 quantile) it does not exceed. "rfm-package" is the binning of the R package
 * rfm: cut points are the quantiles plus one and a value equal to one belongs to the bin above.
 *
 * @see Hughes (1994), Strategic Database Marketing; https://rfm.rsquaredacademy.com
 */
export function scoreRfm<Customer extends RfmValues>(
  customers: readonly Customer[],
  options: ScoreOptions = {},
): ReadonlyArray<Customer & RfmScores> {
  const { bins = 5, binning = "quantile" } = options;
  const recency = binOf(
    customers.map(({ recencyDays }) => recencyDays),
    bins,
    binning,
  );
  const frequency = binOf(
    customers.map(({ frequency: orders }) => orders),
    bins,
    binning,
  );
  const monetary = binOf(
    customers.map(({ monetary: amount }) => amount),
    bins,
    binning,
  );
  return customers.map((customer) => ({
    ...customer,
    recencyScore: bins + 1 - recency(customer.recencyDays),
    frequencyScore: frequency(customer.frequency),
    monetaryScore: monetary(customer.monetary),
  }));
}

function binOf(
  values: readonly number[],
  bins: number,
  binning: Binning,
): (value: number) => number {
  const ascending = values.toSorted((a, b) => a - b);
  const shift = binning === "rfm-package" ? 1 : 0;
  const cuts = Array.from(
    { length: bins - 1 },
    (_, index) => quantile(ascending, (index + 1) / bins) + shift,
  );
  return binning === "rfm-package"
    ? (value) => 1 + cuts.filter((cut) => value >= cut).length
    : (value) => 1 + cuts.filter((cut) => value > cut).length;
}
