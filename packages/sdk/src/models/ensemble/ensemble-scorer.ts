import { EcapError } from "../../errors/ecap-error.ts";
import type { ExactContributions } from "../../ports/model-runtime.ts";
import type { ModelContract } from "../model-contract.ts";
import type { Scorer } from "../scorer.ts";
import { combine, type Ensemble } from "./ensemble.ts";

/**
 * Several models that score as one, for whoever asks whole rows: golden vectors and explanations. All members have to answer; in decisions, where one may be
 * late, the server asks them by themselves. Closing it closes no member.
 */
export function createEnsembleScorer(
  ensemble: Ensemble,
  contract: ModelContract,
  members: readonly Scorer[],
): Scorer {
  const names = contract.features.map(({ name }) => name);
  /** Where each feature of each member is in a row of the whole. */
  const columns = members.map((member) =>
    member.contract.features.map(({ name }) => names.indexOf(name)),
  );
  const ofMember = (row: readonly number[], member: number): readonly number[] =>
    (columns[member] ?? []).map((column) => row[column] ?? Number.NaN);

  async function scoreRows(rows: ReadonlyArray<readonly number[]>) {
    const all = await Promise.all(
      members.map((member, at) => member.scoreRows(rows.map((row) => ofMember(row, at)))),
    );
    return rows.map((_, row) => {
      const score = combine(
        ensemble,
        all.map((scores) => scores[row]?.score),
      );
      if (score === undefined)
        throw new EcapError("ECAP_MODEL_INVALID", "the ensemble gave no score");
      return { score, label: undefined };
    });
  }

  return {
    contract,
    apart: members.some(({ apart }) => apart),
    row: (features) => names.map((name) => features[name] ?? Number.NaN),
    fill(values) {
      // What a member refuses the whole refuses.
      for (const [at, member] of members.entries()) member.fill(ofMember(values, at));
      return values;
    },
    async score(features) {
      const [answer] = await scoreRows([names.map((name) => features[name] ?? Number.NaN)]);
      return answer?.score ?? Number.NaN;
    },
    scoreRows,
    explain(row, background) {
      const space = linearIn(ensemble);
      if (space === undefined) return undefined;
      const parts: ExactContributions[] = [];
      for (const [at, member] of members.entries()) {
        const own = member.fill(ofMember(row, at));
        const others = background.map((each) => member.fill(ofMember(each, at)));
        const part = member.explain(own, others);
        if (part === undefined || part.space !== space) return undefined;
        parts.push(part);
      }
      return sumOf(ensemble, space, { parts, columns, width: names.length });
    },
    async close() {},
  };
}

/** What the members' contributions have to add up in for their weighted sum to be exact; undefined where no sum of them is. */
function linearIn({ combination, calibration }: Ensemble): ExactContributions["space"] | undefined {
  if (calibration?.kind === "isotonic") return undefined;
  // One member's mean is itself, and Platt's curve is a straight line in log-odds.
  if (combination.kind === "stacked" || combination.weights.length === 1) return "log-odds";
  return calibration === undefined ? "score" : undefined;
}

function sumOf(
  { combination, calibration }: Ensemble,
  space: ExactContributions["space"],
  {
    parts,
    columns,
    width,
  }: {
    readonly parts: readonly ExactContributions[];
    readonly columns: ReadonlyArray<readonly number[]>;
    readonly width: number;
  },
): ExactContributions {
  const { weights } = combination;
  const whole = combination.kind === "stacked" ? 1 : weights.reduce((sum, each) => sum + each, 0);
  const [scale, shift] =
    calibration?.kind === "platt" ? [-calibration.slope, -calibration.intercept] : [1, 0];
  const contributions = Array.from({ length: width }, () => 0);
  let base = combination.kind === "stacked" ? combination.intercept : 0;
  parts.forEach((part, at) => {
    const weight = (weights[at] ?? 0) / whole;
    base += weight * part.base;
    part.contributions.forEach((own, i) => {
      const column = columns[at]?.[i] ?? -1;
      if (column >= 0) contributions[column] = (contributions[column] ?? 0) + scale * weight * own;
    });
  });
  return {
    method: parts.some(({ method }) => method === "trees") ? "trees" : "linear",
    space,
    base: scale * base + shift,
    contributions,
  };
}
