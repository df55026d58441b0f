import { type Beta, betaQuantile } from "./beta.ts";

export interface Counted {
  readonly payments: number;
  readonly frauds: number;
}

/** The fraud rate of one of many, as far as its own payments say. */
export interface ShrunkRate {
  /** Between its own rate and that of all: the fewer its payments, the nearer to that of all. */
  readonly rate: number;
  /** Where the rate lies with nine chances of ten. */
  readonly least: number;
  readonly most: number;
}

/** Payments that the rate of all counts for, at least and at most. */
const weights = { least: 1, most: 1e6 } as const;
const outside = 0.05;

/**
 * How the rates of all of them are spread: the beta distribution with their mean, and with the spread that is left of theirs once chance is taken out
 * (moments as by Kleinman, 1973, weighted by payments). Of fewer than two nothing is known of the spread, and it is taken as wide.
 */
export function spreadOf(all: readonly Counted[]): Beta {
  const used = all.filter(({ payments }) => payments > 0);
  const total = used.reduce((sum, { payments }) => sum + payments, 0);
  const frauds = used.reduce((sum, each) => sum + each.frauds, 0);
  // Half a fraud more and half an honest payment more, so that nothing is impossible.
  const mean = (frauds + 0.5) / (total + 1);
  let [seen, byChance, room] = [0, 0, 0];
  for (const { payments, frauds: own } of used) {
    const share = payments / total;
    seen += share * (own / payments - mean) ** 2;
    byChance += (share * (1 - share)) / payments;
    room += share * (1 - share);
  }
  const variance = mean * (1 - mean);
  // How much alike two payments of one are, beyond what all have in common.
  const alike = (seen - variance * byChance) / (variance * (room - byChance));
  const weight = used.length < 2 || Number.isNaN(alike) ? weights.least : 1 / alike - 1;
  const kept = alike <= 0 ? weights.most : Math.min(weights.most, Math.max(weights.least, weight));
  return { a: mean * kept, b: (1 - mean) * kept };
}

/** What is known of the rate of one, given how those of all are spread (empirical Bayes). */
export function shrunkRate({ payments, frauds }: Counted, { a, b }: Beta): ShrunkRate {
  const own = { a: a + frauds, b: b + payments - frauds };
  return {
    rate: own.a / (own.a + own.b),
    least: betaQuantile(outside, own),
    most: betaQuantile(1 - outside, own),
  };
}
