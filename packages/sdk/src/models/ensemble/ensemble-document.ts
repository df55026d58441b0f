import { z } from "zod";
import { EcapError } from "../../errors/ecap-error.ts";
import { type ModelContract, modelContractSchema, parseContract } from "../model-contract.ts";
import type { Ensemble } from "./ensemble.ts";

/** Members of an ensemble, at most: each is a call of every decision. */
export const membersAtMost = 5;

const weights = z
  .array(z.number().min(0))
  .min(1)
  .max(membersAtMost)
  .refine((all) => all.some((weight) => weight > 0), { message: "one has to be above 0" });
const points = z.array(z.number().min(0).max(1)).min(1).max(10_000);

const calibration = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("platt"),
    /** Platt's sign: below 0, so that a larger score is a larger probability. */
    slope: z.number().negative(),
    intercept: z.number(),
  }),
  z
    .strictObject({ kind: z.literal("isotonic"), scores: points, probabilities: points })
    .refine(({ scores, probabilities }) => scores.length === probabilities.length, {
      message: "expected one probability for each score",
      path: ["probabilities"],
    })
    .refine(({ scores }) => scores.every((score, i) => i === 0 || score > (scores[i - 1] ?? 0)), {
      message: "scores must ascend",
      path: ["scores"],
    })
    .refine(
      ({ probabilities }) =>
        probabilities.every((each, i) => i === 0 || each >= (probabilities[i - 1] ?? 0)),
      { message: "probabilities must not descend", path: ["probabilities"] },
    ),
]);

/** An ensemble as a file: what {@link modelContractSchema} is for a model, with its members in the place of a graph. */
export const ensembleDocumentSchema = modelContractSchema
  .omit({ features: true, positiveLabel: true })
  .extend({
    /** Name and version of registered models, as in `card-fraud/3`; in the order of the weights. */
    members: z
      .array(z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}\/\d{1,9}$/, "expected name/version"))
      .min(1)
      .max(membersAtMost)
      .refine((all) => new Set(all).size === all.length, { message: "each once" }),
    combination: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("weighted"), weights }),
      z.strictObject({ kind: z.literal("stacked"), weights, intercept: z.number() }),
    ]),
    calibration: calibration.optional(),
    /** Share of the weight that has to have answered for the ensemble to have a score. */
    quorum: z.number().min(0).max(1).default(0.5),
    /** The members' features, in the order of the golden vectors. Default: as the members name them, first to last. */
    features: z.array(z.string()).max(5_000).optional(),
  });

export type EnsembleDocument = z.input<typeof ensembleDocumentSchema>;

/** An ensemble whose document holds; what its members are is not known yet. */
export interface ParsedEnsemble {
  readonly ensemble: Ensemble;
  /** The contract of it, given the contracts of its members. */
  readonly contractOf: (members: readonly ModelContract[]) => ModelContract;
}

/** ECAP_MODEL_INVALID names the member of the document that is wrong. */
export function parseEnsemble(given: unknown): ParsedEnsemble {
  const parsed = ensembleDocumentSchema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const at = issue?.path.join(".") ?? "";
    throw invalid(`the ensemble's ${at === "" ? "document" : at}: ${issue?.message ?? "invalid"}`);
  }
  const { members, combination, calibration: kept, quorum, features, ...contract } = parsed.data;
  if (combination.weights.length !== members.length)
    throw invalid(
      `the ensemble has ${members.length} members and ${combination.weights.length} weights`,
    );
  return {
    ensemble: { members, combination, quorum, ...(kept && { calibration: kept }) },
    contractOf: (contracts) =>
      parseContract({
        ...contract,
        features: orderOf(features, contracts).map((name) => ({ name, missing: "nan" })),
      }),
  };
}

function orderOf(
  given: readonly string[] | undefined,
  members: readonly ModelContract[],
): readonly string[] {
  const own = [
    ...new Set(members.flatMap(({ features }) => features.map(({ name }) => name))),
  ] as const;
  if (given === undefined) return own;
  const missing = own.filter((name) => !given.includes(name));
  const needless = given.filter((name) => !own.includes(name));
  if (missing.length + needless.length > 0)
    throw invalid(
      `the ensemble's features are those of its members; ${[
        ...missing.map((name) => `"${name}" is missing`),
        ...needless.map((name) => `"${name}" is none of them`),
      ].join(", ")}`,
    );
  return given;
}

/** Number of a version in a label, as of `card-fraud/3`. */
export function versionIn(label: string): number {
  return Number(label.slice(label.lastIndexOf("/") + 1));
}

function invalid(why: string): EcapError {
  return new EcapError("ECAP_MODEL_INVALID", why);
}
