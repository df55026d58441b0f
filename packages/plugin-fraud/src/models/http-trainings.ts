import { EcapError, type TrainingAlgorithm } from "@ecap/sdk";
import { defineRoute, instant, type Principal, type Route } from "@ecap/sdk/http";
import { membersAtMost, type Training } from "@ecap/sdk/models";
import { z } from "zod";
import type { FraudRuntime } from "../plugin.ts";
import { actorOf } from "../rules/http-rules.ts";
import type { TrainingPeriod } from "./training-data.ts";

const tag = "models";
const whole = (least: number, most: number) => z.number().int().min(least).max(most).optional();
const positive = (most: number) => z.number().positive().max(most).optional();

const algorithm = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("network"),
    hidden: z.array(z.number().int().min(1).max(1_024)).max(8).default([]),
    epochs: whole(1, 1_000),
    patience: whole(1, 1_000),
    batchRows: whole(1, 65_536),
    learningRate: positive(1),
    l2: z.number().min(0).max(10).optional(),
    dropout: z.number().min(0).max(0.9).optional(),
  }),
  z.strictObject({
    kind: z.literal("forest"),
    trees: whole(1, 1_000),
    depth: whole(1, 60),
    leafWeight: positive(1e6),
    features: whole(1, 5_000),
  }),
  z.strictObject({
    kind: z.literal("boosted"),
    trees: whole(1, 5_000),
    patience: whole(1, 5_000),
    depth: whole(1, 16),
    leafWeight: positive(1e6),
    learningRate: positive(1),
    l2: z.number().min(0).max(1e6).optional(),
    rowShare: positive(1),
    features: whole(1, 5_000),
  }),
]);
const period = {
  from: instant,
  to: instant.describe("Exclusive; long enough ago for the labels to have come"),
};
const modelName = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/);
const validationShare = z.number().min(0.05).max(0.5).default(0.2);
const begins = {
  challenge: z.boolean().default(true).describe("Make it the challenger"),
  note: z.string().max(500).optional(),
};

/** What may be chosen of a training. */
export const trainingChoice = {
  algorithm: algorithm.default({ kind: "boosted" }),
  name: modelName.default("fraud-trained"),
  classWeights: z.enum(["none", "balanced"]).default("none"),
  validationShare,
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 31)
    .default(1),
};
const choice = z.object(trainingChoice);

export function choiceOf({
  algorithm: chosen,
  name,
  classWeights,
  validationShare: share,
  seed,
}: z.output<typeof choice>) {
  return {
    name,
    classWeights,
    validationShare: share,
    seed,
    // What is left out is left out, not undefined.
    algorithm: JSON.parse(JSON.stringify(chosen)) as TrainingAlgorithm,
  };
}

const figures = z.object({
  auc: z.number(),
  averagePrecision: z.number(),
  precisionAt: z
    .array(z.object({ k: z.number(), precision: z.number() }))
    .describe("Share of frauds among the payments with the highest scores"),
  brier: z.number(),
  calibration: z
    .array(z.object({ predicted: z.number(), observed: z.number(), cases: z.number() }))
    .describe("What scores promised and what came, in bins of equally many payments"),
  segments: z
    .array(
      z.object({
        name: z.string(),
        rows: z.number(),
        positives: z.number(),
        auc: z.number().optional(),
        averagePrecision: z.number().optional(),
      }),
    )
    .optional()
    .describe("By the amount of the payments"),
});
const progress = z.object({
  step: z.number(),
  steps: z.number(),
  loss: z.number().optional(),
  validationLoss: z.number().optional(),
});
const training = z.object({
  id: z.string(),
  state: z.enum(["running", "done", "failed", "lost"]),
  by: z.string(),
  startedAt: z.string(),
  updatedAt: z.string(),
  name: z.string(),
  algorithm: z.string(),
  progress: progress.optional(),
  report: z
    .object({
      rows: z.number(),
      positives: z.number(),
      validationRows: z.number(),
      steps: z.number().describe("Passes or trees of the kept model"),
      validation: figures.optional(),
      members: z
        .array(figures.extend({ model: z.string() }))
        .optional()
        .describe("Of an ensemble: each member alone, on the same payments"),
      seconds: z.number(),
    })
    .optional(),
  version: z.number().optional().describe("Of the model it registered"),
  problem: z.string().optional(),
});

/** Training models on decisions and their labels. */
export function trainingRoutes({
  models: { desk, trainings, learn },
}: Pick<FraudRuntime, "models">): readonly Route[] {
  const base = `/models/${desk.useCase}/trainings`;
  return [
    defineRoute({
      method: "post",
      path: base,
      role: "analyst",
      tag,
      summary: "Train a model on a period\u2019s decisions and their labels, and register it",
      description:
        "Answers at once; the training goes on and can be followed. The last of the rows judge the model and are not learned from.",
      status: 202,
      body: z.strictObject({
        ...period,
        ...trainingChoice,
        ...begins,
      }),
      response: training,
      handler: async ({ body, principal }) => {
        const { challenge, note } = body;
        const plan = learn.model(periodOf(body, principal), choiceOf(body));
        return shown(await trainings.start(actorOf(principal), { ...plan, challenge, note }));
      },
    }),
    defineRoute({
      method: "post",
      path: `/models/${desk.useCase}/ensembles`,
      role: "analyst",
      tag,
      summary: "Learn from a period\u2019s decisions how models become one score, and register it",
      description:
        "Answers at once, as a training that can be followed. The members score the recorded features again, so they need not have been asked then; the period begins after all that they learned from. The last of the rows judge the ensemble and are not learned from.",
      status: 202,
      body: z.strictObject({
        ...period,
        members: z
          .array(z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}\/\d{1,9}$/))
          .min(1)
          .max(membersAtMost)
          .describe("Name and version, as in card-fraud/3"),
        name: modelName.default("fraud-ensemble"),
        combination: z.enum(["stacked", "weighted"]).default("stacked"),
        calibration: z.enum(["none", "platt", "isotonic"]).default("none"),
        validationShare,
        ...begins,
      }),
      response: training,
      handler: async ({ body, principal }) => {
        const { members, name, combination, calibration, challenge, note } = body;
        const chosen = { name, combination, calibration, validationShare: body.validationShare };
        const plan = await learn.ensemble(periodOf(body, principal), members, chosen);
        return shown(await trainings.start(actorOf(principal), { ...plan, challenge, note }));
      },
    }),
    defineRoute({
      method: "get",
      path: base,
      role: "viewer",
      tag,
      summary: "The last trainings, newest first",
      response: z.object({ items: z.array(training) }),
      handler: async ({ principal }) => ({
        items: (await trainings.trainings(principal.tenant)).map(shown),
      }),
    }),
    defineRoute({
      method: "get",
      path: `${base}/{id}`,
      role: "viewer",
      tag,
      summary: "A training, as it stands",
      params: z.object({ id: z.string().max(64) }),
      response: training,
      handler: async ({ params, principal }) =>
        shown(await trainings.training(principal.tenant, params.id)),
    }),
  ];
}

function periodOf(
  { from, to }: { readonly from: number; readonly to: number },
  { tenant }: Principal,
): TrainingPeriod {
  if (from >= to)
    throw new EcapError("ECAP_REQUEST_INVALID", "the period ends before it begins", {
      path: "/to",
    });
  return { tenant, from, to };
}

type Figures = z.input<typeof figures>;

function shown({ startedAt, updatedAt, report, ...rest }: Training) {
  return {
    ...rest,
    startedAt: new Date(startedAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    ...(report && {
      report: {
        rows: report.rows,
        positives: report.positives,
        validationRows: report.validationRows,
        steps: report.steps,
        ...(report.validation && { validation: structuredClone(report.validation) as Figures }),
        ...(report.members && {
          members: structuredClone(report.members) as Array<Figures & { readonly model: string }>,
        }),
        seconds: report.durationMs / 1_000,
      },
    }),
  };
}
