import type { Clock, StateStore } from "@ecap/sdk";
import type { Scorer } from "@ecap/sdk/models";
import type { Decision, ReasonCode, Transaction } from "./contract.ts";
import { ownFeatures, velocityFeatures } from "./fraud-features.ts";
import { evaluateRules, outcomeOf, rulesVersion, type Thresholds } from "./rules.ts";

export interface DecideOptions {
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly thresholds: Thresholds;
  /** Points a certain fraud by the model adds. */
  readonly modelPoints: number;
  readonly modelTimeoutMs: number;
  /** Absent: rules alone decide. */
  readonly scorer: () => Promise<Scorer> | undefined;
}

/** Makes the decision: velocity first, then rules and model, all on the same features. Adds the payment to its velocity once, by its id. */
export async function decide(transaction: Transaction, options: DecideOptions): Promise<Decision> {
  const begun = performance.now();
  const { clock, stateStore } = options;
  const now = clock.now();
  const tenant = transaction.tenant ?? "default";
  const subject = { ...transaction, time: transaction.time ?? now };
  const velocity = await velocityFeatures.contribute(stateStore, {
    tenant,
    id: transaction.id,
    at: subject.time,
    subject,
  });
  const features = { ...velocity, ...ownFeatures(subject, velocity) };
  const model = await askModel(features, options);
  const reasons = [
    ...evaluateRules(features, subject),
    ...modelReason(model.score, options.modelPoints),
  ].toSorted((a, b) => b.points - a.points);
  const score = Math.min(
    100,
    reasons.reduce((sum, { points }) => sum + points, 0),
  );
  return {
    id: `fraud-decision/${transaction.id}`,
    transactionId: transaction.id,
    tenant,
    outcome: outcomeOf(score, options.thresholds),
    score,
    reasons,
    ...(model.score !== undefined && { modelScore: model.score }),
    ...(model.degraded !== undefined && { degraded: model.degraded }),
    features,
    versions: { rules: rulesVersion, model: model.version },
    decidedAt: now,
    latencyMs: performance.now() - begun,
  };
}

interface ModelAnswer {
  readonly score?: number;
  readonly version: string | undefined;
  readonly degraded?: string;
}

/** A model that fails or is late leaves the decision to the rules, and the decision says so. */
async function askModel(
  features: Readonly<Record<string, number>>,
  { scorer, modelTimeoutMs }: DecideOptions,
): Promise<ModelAnswer> {
  const loading = scorer();
  if (loading === undefined) return { version: undefined };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ModelAnswer>((resolve) => {
    timer = setTimeout(
      () =>
        resolve({
          version: undefined,
          degraded: `the model took longer than ${modelTimeoutMs} ms`,
        }),
      modelTimeoutMs,
    );
  });
  try {
    return await Promise.race([late, answer(loading, features)]);
  } catch (error) {
    return { version: undefined, degraded: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function answer(
  loading: Promise<Scorer>,
  features: Readonly<Record<string, number>>,
): Promise<ModelAnswer> {
  const scorer = await loading;
  return {
    score: await scorer.score(features),
    version: `${scorer.contract.name}/${scorer.contract.version}`,
  };
}

function modelReason(score: number | undefined, points: number): readonly ReasonCode[] {
  if (score === undefined || score < 0.2) return [];
  return [
    {
      code: "MODEL_SCORE",
      points: Math.round(score * points),
      detail: `the model gives fraud a probability of ${(score * 100).toFixed(0)} %`,
    },
  ];
}
