import { driftOf } from "./drift.ts";
import { binOf } from "./histogram.ts";
import type { ModelContract } from "./model-contract.ts";
import type { ModelOpinion, Observe } from "./model-server.ts";

/** When a model is taken away without a person. */
export interface GuardLimits {
  /** Questions that are counted before they are forgotten. Default 200. */
  readonly questions: number;
  /** Largest share of them that may fail. Default 0.05. */
  readonly failures: number;
  /** Largest share of them that may be late, of a model in a thread of its own; for any other the process is to blame. Default 0.05. */
  readonly late: number;
  /** Scores that are compared with those of the training data; of a model that decides. Default 2,000. */
  readonly scores: number;
  /** Largest population stability index of these. Default 0.5. */
  readonly scorePsi: number;
}

export const guardLimits: GuardLimits = {
  questions: 200,
  failures: 0.05,
  late: 0.05,
  scores: 2_000,
  scorePsi: 0.5,
};

export interface GuardOptions {
  readonly limits?: Partial<GuardLimits>;
  /** Called for a version that is over a limit, and again after a minute where it still is; at once where it rejects. */
  readonly rollBack: (tenant: string, version: number, why: string) => Promise<void>;
}

interface Counts {
  questions: number;
  failures: number;
  late: number;
  lastFailure: string;
  scores: number[];
  scored: number;
}

/** An ensemble that goes on without a member is not what somebody approved. */
function failureIn({ failure, members }: ModelOpinion): string | undefined {
  return failure ?? members?.find((member) => member.failure !== undefined)?.failure;
}

function isLate({ late, members }: ModelOpinion): boolean {
  return late === true || members?.some((member) => member.late === true) === true;
}

/** Versions that are counted; beyond them the one counted first is forgotten. */
const versionsKept = 5_000;

const quietMs = 60_000;

/** Counts what models do, in this process, and says when one does harm. */
export function createGuard({ limits: given, rollBack }: GuardOptions): Observe {
  const limits = { ...guardLimits, ...given };
  const counted = new Map<string, Counts>();
  /** Until when nothing more is said of a version, by `performance.now()`. */
  const quiet = new Map<string, number>();

  return ({ tenant }, asked) => {
    for (const { version, opinion, contract, apart } of asked) {
      const key = `${tenant}/${version}`;
      const until = quiet.get(key);
      if (until !== undefined && performance.now() < until) continue;
      const counts = countsOf(key);
      counts.questions += 1;
      const failure = failureIn(opinion);
      if (failure !== undefined) {
        counts.failures += 1;
        counts.lastFailure = failure;
      } else if (apart && isLate(opinion)) counts.late += 1;
      const decides = opinion.role === "champion" || opinion.role === "canary";
      const why =
        overLimit(counts) ?? (decides ? drifted(counts, contract, opinion.score) : undefined);
      if (why !== undefined) tell(key, () => rollBack(tenant, version, why));
      else if (counts.questions >= limits.questions)
        Object.assign(counts, { questions: 0, failures: 0, late: 0 });
    }
  };

  function countsOf(key: string): Counts {
    const known = counted.get(key);
    if (known !== undefined) return known;
    const [oldest] = counted.keys();
    if (oldest !== undefined && counted.size >= versionsKept) counted.delete(oldest);
    const made: Counts = {
      questions: 0,
      failures: 0,
      late: 0,
      lastFailure: "",
      scores: [],
      scored: 0,
    };
    counted.set(key, made);
    return made;
  }

  /** As soon as it is sure what the share of all will be at least. */
  function overLimit({ failures, late, lastFailure }: Counts): string | undefined {
    const { questions, failures: mayFail, late: mayBeLate } = limits;
    if (failures > mayFail * questions)
      return `${failures} of ${questions} questions or fewer failed, the last with: ${lastFailure}`;
    if (late > mayBeLate * questions)
      return `${late} of ${questions} questions or fewer were answered late`;
    return undefined;
  }

  function drifted(
    counts: Counts,
    contract: ModelContract | undefined,
    score: number | undefined,
  ): string | undefined {
    const histogram = contract?.histograms?.score;
    if (score === undefined || histogram === undefined) return undefined;
    const { edges } = histogram;
    if (counts.scores.length === 0) counts.scores = histogram.counts.map(() => 0);
    const bin = binOf(edges, score);
    counts.scores[bin] = (counts.scores[bin] ?? 0) + 1;
    counts.scored += 1;
    if (counts.scored < limits.scores) return undefined;
    const { psi, threshold } = driftOf(histogram.counts, counts.scores);
    Object.assign(counts, { scores: [], scored: 0 });
    if (psi <= Math.max(threshold, limits.scorePsi)) return undefined;
    return `the stability index of its last ${limits.scores} scores is ${psi.toFixed(2)}, above ${limits.scorePsi}`;
  }

  function tell(key: string, work: () => Promise<void>): void {
    if (quiet.size >= versionsKept) quiet.clear();
    quiet.set(key, performance.now() + quietMs);
    counted.delete(key);
    work().catch(() => quiet.delete(key));
  }
}
