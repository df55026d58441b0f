import { EcapError, type QueryEngine } from "@ecap/sdk";
import {
  type Comparison,
  compareAuc,
  type MemberOpinion,
  type Performance,
  performanceOf,
} from "@ecap/sdk/models";
import { lakeDb, lakeFunctions, queryLake } from "@ecap/sdk/sql";
import type { Ranked } from "@ecap/sdk/training";
import type { ModelOpinion } from "../contract.ts";
import { readKnown } from "../rules/backtest/recorded-decisions.ts";

interface Tables {
  readonly decisions: {
    readonly date: string;
    readonly event_time: string;
    readonly transaction_id: string;
    readonly order_id: string | null;
    readonly models: string | null;
  };
}

const lake = lakeDb<Tables>();
const firstStepMs = 86_400_000;
/** Decisions of one read; a period with more of them is read in smaller parts. */
const rowsAtOnce = 100_000;
/** A period that is not read in parts. */
const leastStepMs = 1_000;
/** Scores with a label, at most. */
const casesAtMost = 2_000_000;

export interface ScoresQuery {
  readonly tenant: string;
  /** Epoch milliseconds of the payments, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** From which score on a payment counts as called a fraud. */
  readonly threshold: number;
  readonly signal?: AbortSignal;
}

/** How finely a period is told. */
export type Grain = "day" | "week";

export interface ModelPerformance extends Performance {
  /** Name and version. */
  readonly model: string;
  /** Decisions it was asked for. */
  readonly asked: number;
  /** Share of them that it scored. */
  readonly coverage: number;
  readonly late: number;
  readonly failed: number;
  /** The same by the day of the payments, or the Monday of their week, in UTC, as far as labels have come. */
  readonly days: ReadonlyArray<Performance & { readonly day: string }>;
}

/** What a model said of a payment of which it is known what it was. */
export interface LabelledScore extends Ranked {
  /** Epoch milliseconds of the payment. */
  readonly at: number;
}

interface Scores {
  asked: number;
  scored: number;
  late: number;
  failed: number;
  /** By payment. */
  readonly known: Map<string, LabelledScore>;
}

/** What each model said of the payments of a period, and what became of them. */
async function readScores(
  engine: QueryEngine,
  { tenant, from, to, signal }: ScoresQuery,
): Promise<ReadonlyMap<string, Scores>> {
  const options = { tenant, fresh: true, ...(signal && { signal }) };
  const isFraud = await readKnown(async (asked, maxRows) => {
    const { rows } = await queryLake(engine, asked, { ...options, maxRows });
    return rows;
  });
  const models = new Map<string, Scores>();
  const fn = lakeFunctions(engine.dialect);
  let cases = 0;
  let stepMs = firstStepMs;
  for (let start = from; start < to; ) {
    signal?.throwIfAborted();
    const period = { from: start, to: Math.min(to, start + stepMs) };
    const limit = stepMs > leastStepMs ? rowsAtOnce + 1 : 1_000_000;
    const query = lake
      .selectFrom("decisions")
      .select(["event_time", "transaction_id", "order_id", "models"])
      .where((eb) => fn.inTimes(eb.ref("date"), eb.ref("event_time"), period))
      .where("models", "is not", null)
      .limit(limit);
    const { rows } = await queryLake(engine, query, { ...options, maxRows: limit });
    if (rows.length > rowsAtOnce && stepMs > leastStepMs) {
      stepMs = Math.max(leastStepMs, Math.floor(stepMs / 8));
      continue;
    }
    start = period.to;
    // Years without a decision must not cost a question for each of their days.
    if (rows.length < rowsAtOnce / 8) stepMs *= 4;
    for (const row of rows) {
      const positive = isFraud(row);
      for (const opinion of opinionsIn(row.models)) {
        const scores = scoresOf(models, opinion.model);
        scores.asked += 1;
        if (opinion.late === true) scores.late += 1;
        if (opinion.failure !== undefined) scores.failed += 1;
        if (opinion.score === undefined) continue;
        scores.scored += 1;
        if (positive === undefined) continue;
        if (cases >= casesAtMost)
          throw new EcapError(
            "ECAP_REQUEST_INVALID",
            `more than ${casesAtMost} labelled scores; ask for a shorter period`,
            { path: "/to" },
          );
        cases += 1;
        const at = Date.parse(row.event_time);
        scores.known.set(row.transaction_id, { score: opinion.score, positive, at });
      }
    }
  }
  return models;
}

/** Of every model that was asked, once each; members of ensembles too. */
function opinionsIn(json: string | null): readonly MemberOpinion[] {
  const opinions = JSON.parse(json ?? "[]") as readonly ModelOpinion[];
  const all = opinions.flatMap((opinion) => [opinion, ...(opinion.members ?? [])]);
  return all.filter((each, i) => all.findIndex(({ model }) => model === each.model) === i);
}

function scoresOf(models: Map<string, Scores>, model: string): Scores {
  const known = models.get(model);
  if (known !== undefined) return known;
  const made: Scores = { asked: 0, scored: 0, late: 0, failed: 0, known: new Map() };
  models.set(model, made);
  return made;
}

/** What one model said of the payments of a period of which it is known what they were. */
export async function labelledScores(
  engine: QueryEngine,
  query: ScoresQuery,
  model: string,
): Promise<readonly LabelledScore[]> {
  const scores = (await readScores(engine, query)).get(model);
  return scores === undefined ? [] : [...scores.known.values()];
}

/** Each model by itself, on all that it scored. */
export async function modelPerformance(
  engine: QueryEngine,
  { grain, ...query }: ScoresQuery & { readonly grain: Grain },
): Promise<readonly ModelPerformance[]> {
  const models = await readScores(engine, query);
  return [...models].map(([model, { asked, scored, late, failed, known }]) => ({
    model,
    asked,
    coverage: scored / asked,
    late,
    failed,
    ...performanceOf([...known.values()], query.threshold),
    days: byDay([...known.values()], { grain, threshold: query.threshold }),
  }));
}

function byDay(
  known: readonly LabelledScore[],
  { grain, threshold }: { readonly grain: Grain; readonly threshold: number },
): ModelPerformance["days"] {
  const days = new Map<string, Ranked[]>();
  for (const each of known) {
    const day = new Date(startOf(grain, each.at)).toISOString().slice(0, 10);
    const ofDay = days.get(day);
    if (ofDay === undefined) days.set(day, [each]);
    else ofDay.push(each);
  }
  return [...days]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, cases]) => ({ day, ...performanceOf(cases, threshold) }));
}

const dayMs = 86_400_000;
/** Of 1970, so that its weeks begin on Mondays. */
const firstMonday = 4 * dayMs;

function startOf(grain: Grain, at: number): number {
  if (grain === "day") return at;
  return Math.floor((at - firstMonday) / (7 * dayMs)) * 7 * dayMs + firstMonday;
}

export interface ModelComparison {
  /** Both on the payments that both scored and of which it is known what they were. */
  readonly first: Performance & { readonly model: string };
  readonly second: Performance & { readonly model: string };
  /** Absent where too few of either class are known. */
  readonly auc?: Comparison;
}

/** Two models on the same payments. A model that scored none of them is ECAP_MODEL_NOT_FOUND. */
export async function compareModels(
  engine: QueryEngine,
  {
    models: [first, second],
    ...query
  }: ScoresQuery & { readonly models: readonly [string, string] },
): Promise<ModelComparison> {
  const scores = await readScores(engine, query);
  const [ofFirst, ofSecond] = [first, second].map((model) => {
    const found = scores.get(model);
    if (found !== undefined) return found.known;
    const there = [...scores.keys()].join(", ") || "none";
    throw new EcapError(
      "ECAP_MODEL_NOT_FOUND",
      `the model "${model}" scored no payment of this period; models that did: ${there}`,
    );
  });
  const both = [...(ofFirst ?? [])].flatMap(([payment, { score, positive }]) => {
    const other = ofSecond?.get(payment);
    return other === undefined ? [] : [{ first: score, second: other.score, positive }];
  });
  const auc = compareAuc(both);
  const of = (model: string, score: "first" | "second") => ({
    model,
    ...performanceOf(
      both.map((each) => ({ score: each[score], positive: each.positive })),
      query.threshold,
    ),
  });
  return { first: of(first, "first"), second: of(second, "second"), ...(auc && { auc }) };
}
