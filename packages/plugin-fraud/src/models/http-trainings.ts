import { EcapError, type TrainingAlgorithm } from "@ecap/sdk";
import { defineRoute, instant, type Route } from "@ecap/sdk/http";
import type { Training } from "@ecap/sdk/models";
import { z } from "zod";
import { steadyFeatureNames } from "../fraud-features.ts";
import type { FraudRuntime } from "../plugin.ts";
import { actorOf } from "../rules/http-rules.ts";
import { labelColumn, trainingData } from "./training-data.ts";

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
const figures = z.object({ auc: z.number(), averagePrecision: z.number() });
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
      seconds: z.number(),
    })
    .optional(),
  version: z.number().optional().describe("Of the model it registered"),
  problem: z.string().optional(),
});

/** Training models on decisions and their labels. */
export function trainingRoutes({
  models: { desk, trainings },
  engine,
}: Pick<FraudRuntime, "models" | "engine">): readonly Route[] {
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
        from: instant,
        to: instant.describe("Exclusive; long enough ago for the labels to have come"),
        algorithm: algorithm.default({ kind: "boosted" }),
        name: z
          .string()
          .regex(/^[A-Za-z0-9][\w.-]{0,63}$/)
          .default("fraud-trained"),
        classWeights: z.enum(["none", "balanced"]).default("none"),
        validationShare: z.number().min(0.05).max(0.5).default(0.2),
        seed: z
          .number()
          .int()
          .min(0)
          .max(2 ** 31)
          .default(1),
        challenge: z.boolean().default(true).describe("Make it the challenger"),
        note: z.string().max(500).optional(),
      }),
      response: training,
      handler: async ({ body, principal }) => {
        const { from, to, challenge, note, ...spec } = body;
        if (from >= to)
          throw new EcapError("ECAP_REQUEST_INVALID", "the period ends before it begins", {
            path: "/to",
          });
        const { tenant } = principal;
        const begun = await trainings.start(actorOf(principal), {
          spec: {
            ...spec,
            // What is left out is left out, not undefined.
            algorithm: JSON.parse(JSON.stringify(spec.algorithm)) as TrainingAlgorithm,
            version: new Date(to).toISOString().slice(0, 10),
            features: steadyFeatureNames,
            label: labelColumn,
            period: { from: new Date(from).toISOString(), to: new Date(to).toISOString() },
          },
          rows: (signal) =>
            trainingData(engine(), steadyFeatureNames, { tenant, from, to, signal }),
          challenge,
          ...(note !== undefined && { note }),
        });
        return shown(begun);
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

function shown({ spec, startedAt, updatedAt, report, ...rest }: Training) {
  return {
    ...rest,
    startedAt: new Date(startedAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    name: spec.name,
    algorithm: spec.algorithm.kind,
    ...(report && {
      report: {
        rows: report.rows,
        positives: report.positives,
        validationRows: report.validationRows,
        steps: report.steps,
        ...(report.validation && { validation: report.validation }),
        seconds: report.durationMs / 1_000,
      },
    }),
  };
}
