import { fraudFeatures } from "../fraud-features.ts";
import {
  growTree,
  type IsolationTree,
  isolationScore,
  type RandomNumber,
} from "./isolation-forest.ts";

/** The feature a decision is given beside those of the feature set, for it depends on what this process saw. */
export const anomalyScore = "anomaly_score";
/** The evidence: the feature that is most unlike, of payments that are. */
export const anomalyBy = "anomaly.by";

export interface Anomaly {
  /** About 0.5 of a payment like the others, near 1 of one unlike all of them. */
  readonly score: number;
  /** The feature that, were it the usual one, would make the payment most like the others; of scores from 0.6 on. */
  readonly by?: string;
}

export interface AnomalyWatch {
  /** How unlike the tenant's last payments this one is, which then counts among them; undefined before there were some five hundred of them. */
  look(tenant: string, features: Readonly<Record<string, number>>): Anomaly | undefined;
}

/** As the paper has them. */
export const sampleSize = 256;
const treeCount = 100;
/** Fewer say too little; a shop has them after some five hundred payments. */
const leastTrees = 25;
/** Payments of a tenant that trees are grown from. */
const kept = 2_048;
/** A tree is grown once in so many payments, and when there are all, one anew once in so many, so that no decision waits for a forest. */
const payments = { growing: 8, renewing: 64 } as const;
const maxTenants = 50;
const evidenceFrom = 0.6;

/** Counts and amounts grow by factors, so their logarithms are looked at. */
const watched = [
  "amount",
  "amount_to_mean",
  "card_amount_24h",
  "card_count_24h",
  "card_failed_1h",
  "customer_count_1h",
  "customer_count_30d",
  "customer_countries_2h",
  "customer_devices_30d",
  "device_cards_24h",
  "ip_cards_1h",
  "ip_count_1h",
].filter((name) => fraudFeatures.features.some((feature) => feature.name === name));

interface Forest {
  readonly rows: Float32Array[];
  readonly trees: IsolationTree[];
  /** The usual value of each feature. */
  readonly medians: Float32Array;
  seen: number;
  grown: number;
}

/** Trees over each tenant's last payments, renewed one after the other as payments come. What it knows lives and ends with the process. */
export function createAnomalyWatch(random: RandomNumber = Math.random): AnomalyWatch {
  const forests = new Map<string, Forest>();

  function forestOf(tenant: string): Forest {
    const forest = forests.get(tenant) ?? emptyForest();
    // The tenant heard of longest ago comes first, and goes first.
    forests.delete(tenant);
    forests.set(tenant, forest);
    const [oldest] = forests.keys();
    if (forests.size > maxTenants && oldest !== undefined) forests.delete(oldest);
    return forest;
  }

  return {
    look(tenant, features) {
      const forest = forestOf(tenant);
      const row = rowOf(features);
      const score =
        forest.trees.length < leastTrees
          ? undefined
          : isolationScore(forest.trees, row, sampleSize);
      const by = score !== undefined && score >= evidenceFrom ? reasonOf(forest, row) : undefined;
      learn(forest, row, random);
      return score === undefined ? undefined : { score, ...(by !== undefined && { by }) };
    },
  };
}

function emptyForest(): Forest {
  return { rows: [], trees: [], medians: new Float32Array(watched.length), seen: 0, grown: 0 };
}

function rowOf(features: Readonly<Record<string, number>>): Float32Array {
  const row = new Float32Array(watched.length);
  for (let i = 0; i < row.length; i += 1)
    row[i] = Math.log1p(Math.max(0, features[watched[i] ?? ""] ?? 0));
  return row;
}

function learn(forest: Forest, row: Float32Array, random: RandomNumber): void {
  const { rows, trees, medians } = forest;
  rows[forest.seen % kept] = row;
  forest.seen += 1;
  const every = trees.length < treeCount ? payments.growing : payments.renewing;
  if (rows.length < sampleSize || forest.seen % every !== 0) return;
  const sample = sampleOf(rows, random);
  trees[forest.grown % treeCount] = growTree(sample, random);
  const feature = forest.grown % watched.length;
  medians[feature] = median(sample.map((each) => each[feature] ?? 0));
  forest.grown += 1;
}

/** So many different rows. @see Floyd, in Bentley, "Programming pearls: a sample of brilliance", 1987 */
function sampleOf(rows: readonly Float32Array[], random: RandomNumber): Float32Array[] {
  const chosen = new Set<number>();
  for (let i = rows.length - sampleSize; i < rows.length; i += 1) {
    const place = Math.floor(random() * (i + 1));
    chosen.add(chosen.has(place) ? i : place);
  }
  return [...chosen].flatMap((place) => rows[place] ?? []);
}

function reasonOf({ trees, medians }: Forest, row: Float32Array): string | undefined {
  let best: { readonly name: string; readonly score: number } | undefined;
  watched.forEach((name, i) => {
    const score = isolationScore(trees, row.with(i, medians[i] ?? 0), sampleSize);
    if (best === undefined || score < best.score) best = { name, score };
  });
  return best?.name;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
