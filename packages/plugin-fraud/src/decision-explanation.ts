import { EcapError, type QueryEngine } from "@ecap/sdk";
import { lakeDb, queryLake } from "@ecap/sdk/sql";
import type { Counterfactual, ScoreExplanation } from "./contract.ts";
import { paymentCounterfactuals, scorerOf } from "./decision-counterfactuals.ts";
import type { FraudModels } from "./models/fraud-models.ts";
import { type DecidedRow, decidedColumns, toRow } from "./rules/backtest/recorded-decisions.ts";
import { evaluate, type Thresholds } from "./rules/evaluate.ts";
import type { RuleBook } from "./rules/rule-book.ts";
import { silencedFor } from "./rules/snoozes.ts";

interface Tables {
  readonly decisions: DecidedRow & {
    readonly event_id: string;
    readonly outcome: string;
    readonly score: number;
    readonly model_version: string | null;
    readonly explanation: string | null;
  };
}

const lake = lakeDb<Tables>();

/** A decision of the past, asked again. */
export interface DecisionExplanation {
  readonly transactionId: string;
  /** ISO 8601. */
  readonly time: string;
  readonly outcome: string;
  readonly score: number;
  readonly rules?: string;
  readonly model?: string;
  /** Whether its rules say the same of its facts today: version, facts, lists and ruling are what they were. */
  readonly replayed: boolean;
  readonly explanation?: ScoreExplanation;
  readonly counterfactuals: readonly Counterfactual[];
}

/** What a recorded decision is explained with. */
export interface Explainers {
  readonly engine: QueryEngine;
  readonly rules: RuleBook;
  readonly models: FraudModels;
  readonly thresholds: Thresholds;
}

/**
 * Why a recorded decision is what it is: by the version of the rules that made it, the facts they saw, and the model that scored it where it is still
 * in force. ECAP_NOT_FOUND where the payment has none, ECAP_RULES_INVALID where its rules can no longer be used.
 */
export async function explainDecision(
  { tenant, transactionId }: { readonly tenant: string; readonly transactionId: string },
  { engine, rules, models, thresholds }: Explainers,
): Promise<DecisionExplanation> {
  const row = await readDecision(engine, tenant, transactionId);
  const { facts, features = {} } = toRow(row);
  const version = versionIn(row.rules_version);
  const stored = version === undefined ? undefined : await rules.version(tenant, version);
  if (stored === undefined)
    throw new EcapError(
      "ECAP_NOT_FOUND",
      `the rules "${row.rules_version ?? ""}" of this decision are not there`,
    );
  const ruleSet = await rules.compile(tenant, stored.document, stored.version);
  const { snoozes } = await rules.refresh(tenant);
  const model = row.model_version ?? undefined;
  const scorer = model === undefined ? undefined : await scorerOf(models, tenant, model);
  const asked = { ruleSet, facts, snoozes, thresholds, scorer };
  const silenced = silencedFor(snoozes, facts);
  const explanation =
    row.explanation === null
      ? scorer && (await explainNow(models, { tenant, model: row.model_version ?? "", features }))
      : (JSON.parse(row.explanation) as ScoreExplanation);
  return {
    transactionId,
    time: new Date(row.event_time).toISOString(),
    outcome: row.outcome,
    score: row.score,
    ...(row.rules_version !== null && { rules: row.rules_version }),
    ...(model !== undefined && { model }),
    replayed: evaluate(ruleSet, facts, { thresholds, silenced }).hash === row.rules_hash,
    ...(explanation !== undefined && { explanation }),
    counterfactuals: await paymentCounterfactuals(asked),
  };
}

async function readDecision(
  engine: QueryEngine,
  tenant: string,
  transactionId: string,
): Promise<Tables["decisions"]> {
  const query = lake
    .selectFrom("decisions")
    .select([...decidedColumns, "event_id", "outcome", "score", "model_version", "explanation"])
    .where("transaction_id", "=", transactionId)
    .orderBy("arrival_time", "desc")
    .limit(1);
  const { rows } = await queryLake(engine, query, { tenant, fresh: true });
  const [row] = rows;
  if (row !== undefined) return row;
  throw new EcapError(
    "ECAP_NOT_FOUND",
    `nothing was decided about the payment "${transactionId.slice(0, 200)}"`,
  );
}

/** The version in a name such as `default/3`. */
function versionIn(label: string | null): number | undefined {
  const version = /\/(\d+)$/.exec(label ?? "")?.[1];
  return version === undefined ? undefined : Number(version);
}

async function explainNow(
  models: FraudModels,
  question: {
    readonly tenant: string;
    readonly model: string;
    readonly features: Readonly<Record<string, unknown>>;
  },
): Promise<ScoreExplanation> {
  const { tenant, model } = question;
  const features = question.features as Readonly<Record<string, number>>;
  return models.explain({ tenant, model, features }).catch((error: unknown) => ({
    model,
    failure: error instanceof Error ? error.message : String(error),
  }));
}
