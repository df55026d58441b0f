import { type Clock, isEcapError, type Logger, type NewEvent, type QueryEngine } from "@ecap/sdk";
import {
  createProposals,
  type Drift,
  decayLimits,
  decayOf,
  type Evidence,
  type ModelActor,
  type ModelDesk,
  type ModelDeskOptions,
  type ModelMonitor,
  type Proposal,
  type Trainings,
} from "@ecap/sdk/models";
import type { Ranked } from "@ecap/sdk/training";
import type { FraudLearning } from "./fraud-learning.ts";
import { modelAlertRaised, modelAlertResolved } from "./model-events.ts";
import { labelledScores } from "./recorded-scores.ts";
import type { TrainingPeriod } from "./training-data.ts";

/** Proposals to train the model that decides again, and what becomes of them. */
export interface Retraining {
  list(tenant: string): Promise<readonly Proposal[]>;
  /** Looks at the model that decides, and raises a proposal where it has drifted or decayed; resolves whether it did. */
  look(tenant: string, signal: AbortSignal): Promise<boolean>;
  /** Begins a training whose result is the challenger. */
  accept(
    actor: ModelActor,
    id: string,
    how: {
      readonly period: Omit<TrainingPeriod, "tenant">;
      readonly chosen: Parameters<FraudLearning["model"]>[1];
    },
  ): Promise<Proposal>;
  dismiss(actor: ModelActor, id: string, reason: string): Promise<Proposal>;
}

export interface RetrainingContext {
  readonly desk: Pick<ModelDesk, "useCase" | "head" | "version">;
  readonly monitor: Pick<ModelMonitor, "report">;
  readonly trainings: Pick<Trainings, "start">;
  readonly learn: Pick<FraudLearning, "model">;
  readonly stateStore: Parameters<typeof createProposals>[0]["stateStore"];
  readonly engine: () => QueryEngine | undefined;
  readonly emit: (event: NewEvent) => Promise<string>;
  readonly audit: ModelDeskOptions["audit"];
  readonly clock: Clock;
  readonly logger: Logger;
}

const dayMs = 86_400_000;
/** Whose scores and features are looked at for drift: a whole week, for its days differ. */
const driftMs = 7 * dayMs;
/** Beyond it a drift is reason enough; below it is one to look at. */
const leastPsi = 0.2;
const leastValues = 1_000;
const namedFeatures = 5;
/** Labelled payments of now, and those before them that they are compared with. */
const recentMs = 28 * dayMs;
const beforeMs = 90 * dayMs;

export function createRetraining(context: RetrainingContext): Retraining {
  const { desk, stateStore, clock, audit, trainings, learn } = context;
  const { useCase } = desk;
  const proposals = createProposals({ useCase, stateStore, clock });
  const targetOf = ({ version }: Proposal): string => `models/${useCase}/${version}`;

  /** Under the same ids however often it is told. */
  async function tell(tenant: string, proposal: Proposal): Promise<void> {
    const data = alertOf(proposal);
    const { state, closedAt = 0 } = proposal;
    const raised = { type: modelAlertRaised.type, id: `model-alert/${proposal.id}`, data };
    const resolved = {
      type: modelAlertResolved.type,
      id: `model-alert-resolved/${proposal.id}`,
      data: { ...data, resolvedAt: closedAt, reason: state },
    };
    await context.emit({ tenant, ...(state === "open" ? raised : resolved) });
  }

  async function overtake(tenant: string, champion: number): Promise<void> {
    for (const { id, state, version } of await proposals.list(tenant)) {
      if (state !== "open" || version === champion) continue;
      await tell(tenant, await proposals.close(tenant, id, { state: "overtaken" }));
    }
  }

  return {
    list: (tenant) => proposals.list(tenant),
    async look(tenant, signal) {
      const { champion } = await desk.head(tenant);
      await overtake(tenant, champion);
      const found = await findingOf(context, { tenant, version: champion, signal });
      const raised = found !== undefined && (await proposals.raise(tenant, found)) !== undefined;
      // What was raised and could not be told is told now.
      const [untold] = (await proposals.list(tenant)).filter(
        ({ state, isTold }) => state === "open" && isTold !== true,
      );
      if (untold !== undefined) {
        await tell(tenant, untold);
        const { message } = alertOf(untold);
        await audit({
          tenant,
          actor: "policy",
          action: "model.proposal.raise",
          target: targetOf(untold),
          details: { proposal: untold.id, why: message },
        });
        context.logger.warn({ tenant, model: untold.model, why: message }, "retraining proposed");
        await proposals.told(tenant, untold.id);
      }
      return raised;
    },
    async accept(actor, id, { period, chosen }) {
      const { tenant, by } = actor;
      const closed = await proposals.close(tenant, id, { state: "accepted", closedBy: by });
      const plan = learn.model({ tenant, ...period }, chosen);
      const note = `${closed.model}: ${alertOf(closed).message}`.slice(0, 500);
      const training = await trainings
        .start(actor, { ...plan, challenge: true, note })
        .catch(async (error: unknown) => {
          await proposals.reopen(tenant, id);
          throw error;
        });
      const proposal = await proposals.began(tenant, id, training.id);
      await tell(tenant, proposal);
      await audit({
        tenant,
        actor: by,
        action: "model.proposal.accept",
        target: targetOf(proposal),
        details: { proposal: id, training: training.id },
      });
      return proposal;
    },
    async dismiss({ tenant, by }, id, reason) {
      const how = { state: "dismissed", closedBy: by, reason } as const;
      const proposal = await proposals.close(tenant, id, how);
      await tell(tenant, proposal);
      await audit({
        tenant,
        actor: by,
        action: "model.proposal.dismiss",
        target: targetOf(proposal),
        details: { proposal: id, reason },
      });
      return proposal;
    },
  };
}

/** undefined where there is no reason to train again, or no model that decides. */
async function findingOf(
  { desk, monitor, engine, clock }: RetrainingContext,
  {
    tenant,
    version,
    signal,
  }: { readonly tenant: string; readonly version: number; readonly signal: AbortSignal },
): Promise<Pick<Proposal, "version" | "model" | "evidence"> | undefined> {
  const known = await desk.version(tenant, version).catch((error: unknown) => {
    if (isEcapError(error, "ECAP_MODEL_NOT_FOUND")) return undefined;
    throw error;
  });
  if (known === undefined) return undefined;
  const { contract } = known;
  const model = `${contract.name}/${version}`;
  const now = clock.now();
  const report = await monitor.report({ tenant, version, contract, from: now - driftMs, to: now });
  const lake = engine();
  const period = { tenant, from: now - recentMs - beforeMs, to: now, threshold: 0.5, signal };
  const scores = lake === undefined ? [] : await labelledScores(lake, period, model);
  const evidence = [...decayed(scores, now - recentMs), ...drifted(report)];
  return evidence.length === 0 ? undefined : { version, model, evidence };
}

function drifted({
  score,
  features,
}: Awaited<ReturnType<ModelMonitor["report"]>>): readonly Evidence[] {
  const all: ReadonlyArray<Drift & Pick<DriftEvidence, "kind" | "feature">> = [
    ...(score === undefined ? [] : [{ kind: "score-drift" as const, ...score }]),
    ...features.map((each) => ({ kind: "feature-drift" as const, ...each })),
  ];
  return all
    .filter((each) => each.drifted && each.psi >= leastPsi && each.values >= leastValues)
    .slice(0, namedFeatures)
    .map(({ kind, feature, psi, threshold, values }) => ({
      kind,
      ...(feature !== undefined && { feature }),
      psi,
      threshold,
      values,
    }));
}

type DriftEvidence = Exclude<Evidence, { readonly kind: "decay" }>;

function decayed(
  scores: ReadonlyArray<Ranked & { readonly at: number }>,
  since: number,
): readonly Evidence[] {
  const recent = scores.filter(({ at }) => at >= since);
  const before = scores.filter(({ at }) => at < since);
  const positives = recent.filter(({ positive }) => positive).length;
  return decayOf(before, recent).map((decay) => ({
    kind: "decay",
    ...decay,
    labelled: recent.length,
    positives,
  }));
}

/** The first reason stands for all, which are in the proposal. */
function alertOf({ id, model, raisedAt, evidence }: Proposal) {
  const [first] = evidence;
  const isDecay = first?.kind === "decay";
  return {
    alertId: id,
    kind: first?.kind ?? "decay",
    target: model,
    severity: "warning" as const,
    message: evidence.map(sentence).join("; "),
    observed: isDecay ? first.before - first.now : (first?.psi ?? 0),
    limit: isDecay ? decayLimits.loss : Math.max(leastPsi, first?.threshold ?? 0),
    proposal: id,
    raisedAt,
  };
}

function sentence(evidence: Evidence): string {
  if (evidence.kind !== "decay") {
    const { kind, feature = "", psi, values } = evidence;
    const what = kind === "score-drift" ? "scores" : feature;
    return `the stability index of ${what} is ${psi.toFixed(2)} over ${values} values`;
  }
  const { measure, before, now, labelled, positives } = evidence;
  const what = measure === "auc" ? "AUC" : "average precision";
  return `${what} fell from ${before.toFixed(3)} to ${now.toFixed(3)} on ${labelled} labelled payments, ${positives} of them frauds`;
}
