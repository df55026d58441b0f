import { EcapError } from "@ecap/sdk";
import { defineRoute, instant, type Route } from "@ecap/sdk/http";
import type { Proposal } from "@ecap/sdk/models";
import { z } from "zod";
import type { FraudRuntime } from "../plugin.ts";
import { actorOf } from "../rules/http-rules.ts";
import { choiceOf, trainingChoice } from "./http-trainings.ts";

const tag = "models";
const dayMs = 86_400_000;
const evidence = z.union([
  z.object({
    kind: z.literal("decay"),
    measure: z.enum(["auc", "average-precision"]),
    before: z.number(),
    now: z.number(),
    pValue: z.number(),
    labelled: z.number(),
    positives: z.number(),
  }),
  z.object({
    kind: z.enum(["score-drift", "feature-drift"]),
    feature: z.string().optional(),
    psi: z.number().describe("Population stability index"),
    threshold: z.number().describe("What it exceeds by chance in one case of a hundred"),
    values: z.number(),
  }),
]);
const proposal = z.object({
  id: z.string(),
  version: z.number(),
  model: z.string(),
  state: z.enum(["open", "accepted", "dismissed", "overtaken"]),
  raisedAt: z.string(),
  evidence: z.array(evidence),
  closedAt: z.string().optional(),
  closedBy: z.string().optional(),
  reason: z.string().optional(),
  training: z.string().optional().describe("Id of the training that it began"),
});
const params = z.object({ id: z.string().max(64) });

/** Proposals to train the model that decides again. */
export function proposalRoutes({
  models: { desk, retraining },
}: Pick<FraudRuntime, "models">): readonly Route[] {
  const base = `/models/${desk.useCase}/proposals`;
  return [
    defineRoute({
      method: "get",
      path: base,
      role: "viewer",
      tag,
      summary: "Proposals to train the model that decides again, newest first",
      response: z.object({ items: z.array(proposal) }),
      handler: async ({ principal }) => ({
        items: (await retraining.list(principal.tenant)).map(shown),
      }),
    }),
    defineRoute({
      method: "post",
      path: `${base}/{id}/accept`,
      role: "analyst",
      tag,
      summary: "Train another model, which becomes the challenger",
      params,
      body: z.strictObject({
        ...trainingChoice,
        from: instant.optional().describe("Default: half a year before the end"),
        to: instant.optional().describe("Exclusive. Default: a week ago, so that labels have come"),
      }),
      response: proposal,
      handler: async ({ params: { id }, body, principal }) => {
        const { to = Date.now() - 7 * dayMs } = body;
        const { from = to - 182 * dayMs } = body;
        if (from >= to)
          throw new EcapError("ECAP_REQUEST_INVALID", "the period ends before it begins", {
            path: "/to",
          });
        const how = { period: { from, to }, chosen: choiceOf(body) };
        return shown(await retraining.accept(actorOf(principal), id, how));
      },
    }),
    defineRoute({
      method: "post",
      path: `${base}/{id}/dismiss`,
      role: "analyst",
      tag,
      summary: "Leave the model as it is, and say why; it is not proposed again for two weeks",
      params,
      body: z.strictObject({ reason: z.string().min(1).max(500) }),
      response: proposal,
      handler: async ({ params: { id }, body, principal }) =>
        shown(await retraining.dismiss(actorOf(principal), id, body.reason)),
    }),
  ];
}

function shown(whole: Proposal) {
  const { raisedAt, closedAt, isTold: _, ...rest } = whole;
  return {
    ...rest,
    raisedAt: new Date(raisedAt).toISOString(),
    ...(closedAt !== undefined && { closedAt: new Date(closedAt).toISOString() }),
    evidence: rest.evidence.map((each) => ({ ...each })),
  };
}
