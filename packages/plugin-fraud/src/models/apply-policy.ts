import type { Clock, Job, Logger, QueryEngine } from "@ecap/sdk";
import { type ModelDesk, modelsOf } from "@ecap/sdk/models";
import type { FraudModels } from "./fraud-models.ts";
import { compareModels } from "./recorded-scores.ts";

const dayMs = 86_400_000;
/** How far back the payments go by which a challenger is judged. */
const judgedMs = 30 * dayMs;

/** Promotes the challenger of each tenant this process knows where it did what the tenant's policy asks. */
export function policyJob({
  desk,
  book,
  engine,
  clock,
  logger,
}: Pick<FraudModels, "desk" | "book"> & {
  readonly engine: () => QueryEngine;
  readonly clock: Clock;
  readonly logger: Logger;
}): Job {
  return {
    name: `${desk.useCase}-model-policy`,
    schedule: { everyMs: 3_600_000 },
    async run({ signal }) {
      let promoted = 0;
      for (const tenant of book.keys()) {
        const why = await judge(desk, tenant, { book, engine: engine(), now: clock.now(), signal });
        if (why === undefined) continue;
        const { challenger } = await desk.head(tenant);
        if (challenger === undefined) continue;
        await desk.promoteByPolicy(tenant, challenger, why);
        logger.info({ tenant, version: challenger, why }, "a challenger was promoted by policy");
        promoted += 1;
      }
      return { promoted };
    },
  };
}

/** Why the challenger is to be promoted; undefined where it is not. */
async function judge(
  desk: ModelDesk,
  tenant: string,
  {
    book,
    engine,
    now,
    signal,
  }: Pick<FraudModels, "book"> & {
    readonly engine: QueryEngine;
    readonly now: number;
    readonly signal: AbortSignal;
  },
): Promise<string | undefined> {
  const { policy, challenger, champion } = await desk.head(tenant);
  if (policy === undefined || challenger === undefined) return undefined;
  const inForce = modelsOf(await book.refresh(tenant));
  const labelOf = (version: number) => inForce.find((each) => each.version === version)?.label;
  const [before, after] = [labelOf(champion), labelOf(challenger)];
  if (before === undefined || after === undefined) return undefined;
  const period = { tenant, from: now - judgedMs, to: now, threshold: 0.5, signal };
  const { first, auc } = await compareModels(engine, { ...period, models: [before, after] });
  if (first.labelled < policy.labels || first.positives < policy.frauds || auc === undefined)
    return undefined;
  if (auc.difference < policy.gain || auc.pValue >= 0.05) return undefined;
  return `its AUC is ${auc.difference.toFixed(4)} larger than that of ${before} on ${first.labelled} labelled payments, ${first.positives} of them frauds (p = ${auc.pValue.toPrecision(2)})`;
}
