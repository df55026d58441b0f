import { type FraudScenario, fraudScenarios } from "@ecap/sdk/simulator";
import { areaUnderCurve, atThreshold, averagePrecision, type Ranked } from "@ecap/sdk/training";

/** A payment that was decided on, with the truth about it. */
export interface JudgedPayment {
  readonly scenario: FraudScenario | undefined;
  readonly score: number;
  /** Codes of the rules that held, most points first. */
  readonly codes: readonly string[];
  readonly features: Readonly<Record<string, number>>;
}

export interface OperatingPoint {
  /** What scores as much is an alert. */
  readonly score: number;
  readonly alerts: number;
  readonly precision: number;
  readonly recall: number;
}

export interface ScenarioFigures {
  readonly scenario: FraudScenario | "the model alone";
  readonly payments: number;
  /** Of them, nothing is unusual at the payment: see {@link marks}. */
  readonly plain: number;
  readonly found: number;
  readonly recall: number;
  /** Alerts whose heaviest rule speaks of the scenario; the model alone: those where no such rule held. */
  readonly alerts: number;
  /** Of those alerts, frauds of whatever scenario; NaN without one. */
  readonly precision: number;
}

export interface SingleRule {
  readonly feature: string;
  readonly comparison: ">=" | "<=";
  readonly value: number;
  readonly precision: number;
  readonly recall: number;
}

export const leastPrecision = 0.5;

/** Which scenario a rule of the default pack speaks of. */
const spokenOf: Readonly<Record<string, FraudScenario>> = {
  CARD_TESTING: "card_testing",
  MANY_CARDS_ON_DEVICE: "card_testing",
  GUESSED_CARDS: "card_testing",
  CARD_VELOCITY: "velocity_burst",
  CUSTOMER_VELOCITY: "velocity_burst",
  IMPOSSIBLE_TRAVEL: "impossible_travel",
  FAST_TRAVEL: "impossible_travel",
  ACCOUNT_TAKEOVER: "account_takeover",
  REPEATED_CLAIMS: "refund_abuse",
  COUNTRY_MISMATCH: "stolen_card",
};

/** What is unusual about a payment, by feature: the least value that is. A fraud with none of them looks like anybody's payment. */
const marks: Readonly<Record<string, number>> = {
  country_mismatch: 1,
  payer_shipping_mismatch: 1,
  card_shipping_mismatch: 1,
  new_device: 1,
  new_country: 1,
  card_failed_1h: 1,
  device_failed_1h: 1,
  card_count_24h: 2,
  card_devices_24h: 2,
  device_cards_24h: 2,
  ip_cards_1h: 2,
  customer_count_1h: 2,
  customer_countries_2h: 2,
  customer_refunds_90d: 1,
};

export function isPlain({ features }: Pick<JudgedPayment, "features">): boolean {
  return !Object.entries(marks).some(([name, least]) => (features[name] ?? 0) >= least);
}

/** Of the score: the point with the most recall at the precision wanted. Undefined where there is none. */
export function operatingPoint(payments: readonly JudgedPayment[]): OperatingPoint | undefined {
  const best = mostRecall(payments.map(rankedBy(({ score }) => score)));
  return best && pointAt(best.threshold, payments);
}

export function pointAt(score: number, payments: readonly JudgedPayment[]): OperatingPoint {
  const { flagged, ...figures } = atThreshold(score, payments.map(rankedBy((each) => each.score)));
  return { score, alerts: flagged, ...figures };
}

export function curveOf(payments: readonly JudgedPayment[]) {
  const cases = payments.map(rankedBy(({ score }) => score));
  return { auc: areaUnderCurve(cases), averagePrecision: averagePrecision(cases) };
}

export function byScenario(
  payments: readonly JudgedPayment[],
  least: number,
): readonly ScenarioFigures[] {
  const alerts = payments.filter(({ score }) => score >= least);
  const speaking = ({ codes }: JudgedPayment): ScenarioFigures["scenario"] =>
    codes.map((code) => spokenOf[code]).find((each) => each !== undefined) ?? "the model alone";
  return [...fraudScenarios, "the model alone" as const].map((scenario) => {
    const own = payments.filter((payment) => payment.scenario === scenario);
    const found = own.filter(({ score }) => score >= least).length;
    const attributed = alerts.filter((payment) => speaking(payment) === scenario);
    const frauds = attributed.filter((payment) => payment.scenario !== undefined).length;
    return {
      scenario,
      payments: own.length,
      plain: own.filter(isPlain).length,
      found,
      recall: found / own.length,
      alerts: attributed.length,
      precision: frauds / attributed.length,
    };
  });
}

/** The rule of one feature and one threshold that finds most frauds at the precision wanted, sought on the very payments it is judged by. */
export function bestSingleRule(payments: readonly JudgedPayment[]): SingleRule | undefined {
  const names = [...new Set(payments.flatMap(({ features }) => Object.keys(features)))];
  const rules = names.flatMap((feature) =>
    ([">=", "<="] as const).flatMap((comparison): SingleRule[] => {
      const sign = comparison === ">=" ? 1 : -1;
      // What is not known holds in no comparison.
      const value = ({ features }: JudgedPayment) => sign * (features[feature] ?? Number.NaN);
      const best = mostRecall(payments.map(rankedBy(value)));
      if (best === undefined) return [];
      const { threshold, precision, recall } = best;
      return [{ feature, comparison, value: sign * threshold, precision, recall }];
    }),
  );
  return rules.toSorted((a, b) => b.recall - a.recall)[0];
}

function mostRecall(cases: readonly Ranked[]) {
  const positives = cases.filter(({ positive }) => positive).length;
  const sorted = cases
    .filter(({ score }) => !Number.isNaN(score))
    .toSorted((a, b) => b.score - a.score);
  let best: { threshold: number; precision: number; recall: number } | undefined;
  let found = 0;
  for (const [i, { score, positive }] of sorted.entries()) {
    if (positive) found += 1;
    // A threshold takes all that are equal.
    if (sorted[i + 1]?.score === score) continue;
    const precision = found / (i + 1);
    if (precision >= leastPrecision && found > 0 && found / positives > (best?.recall ?? 0))
      best = { threshold: score, precision, recall: found / positives };
  }
  return best;
}

function rankedBy(score: (payment: JudgedPayment) => number) {
  return (payment: JudgedPayment): Ranked => ({
    score: score(payment),
    positive: payment.scenario !== undefined,
  });
}
