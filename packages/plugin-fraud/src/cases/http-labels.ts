import type { QueryEngine } from "@ecap/sdk";
import { defineRoute, instant, provenance, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import { actorOf } from "../rules/http-rules.ts";
import type { CaseContext } from "./case-context.ts";
import { entityKinds } from "./case-options.ts";
import { caseNumber } from "./case-schemas.ts";
import { labelCurve } from "./labels/label-curve.ts";
import { labelPayment } from "./labels/label-payment.ts";
import { trainingLabels } from "./labels/training-labels.ts";
import { verdicts, voices } from "./labels/verdicts.ts";
import { network, networkLimits } from "./network.ts";
import { offsetOf, readCase } from "./read-cases.ts";
import { caseReport } from "./report.ts";

const tag = "fraud cases";
const period = { from: instant, to: instant };
const share = z.number().optional();

const curve = provenance.extend({
  weeks: z.array(
    z.object({
      week: z.string().describe("Its Monday"),
      payments: z.number(),
      labelled: z.number(),
      stoppedFrauds: z.number(),
      stoppedHonest: z.number(),
      passedFrauds: z.number(),
      passedHonest: z.number(),
      precision: share,
      recall: share,
    }),
  ),
});
const label = z.object({
  paymentId: z.string(),
  decisionId: z.string(),
  fraud: z.boolean(),
  source: z.enum(voices),
  knownAt: z.string().describe("From when on somebody could have learned from it"),
  labelledBy: z.string().optional(),
  time: z.string(),
  outcome: z.string(),
  score: z.number(),
  modelScore: z.number().optional(),
  amount: z.number(),
});
const sums = z.object({
  payments: z.number(),
  stopped: z.number(),
  unlabelled: z.number().describe("Held back, and nobody said what they were"),
  loss: z.number().describe("Amount of frauds that passed"),
  passedFrauds: z.number(),
  prevented: z.number().describe("Amount of frauds that were held back"),
  stoppedFrauds: z.number(),
  falsePositives: z.number(),
  falsePositiveAmount: z.number(),
  precision: share,
  recall: share,
});
const times = z.object({
  closed: z.number(),
  inTime: z.number(),
  medianHours: share,
  p90Hours: share,
});
const report = provenance.extend({
  total: sums,
  byRule: z.array(sums.extend({ code: z.string() })),
  cases: times,
  byAnalyst: z.array(
    times.extend({
      analyst: z.string(),
      labels: z.number(),
      overturned: z.number().describe("Labels that the bank's word is against"),
    }),
  ),
});
const networkSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(["payment", ...entityKinds]),
      value: z.string(),
      depth: z.number(),
      outcome: z.string().optional(),
      amount: z.number().optional(),
      currency: z.string().optional(),
      time: z.string().optional(),
      verdict: z.string().optional(),
    }),
  ),
  edges: z.array(z.object({ from: z.string(), to: z.string() })),
  truncated: z.boolean(),
});
const networkQuery = z.object({
  depth: z.coerce.number().int().min(1).max(networkLimits.depth).default(2),
  limit: z.coerce.number().int().min(1).max(networkLimits.nodes).default(120),
});

/** What is made of labels: the training set, how right decisions were, reports; and the network around payments. */
export function labelRoutes(engine: () => QueryEngine, cases: () => CaseContext): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/fraud/labels",
      role: "analyst",
      tag,
      summary: "The training set's labels: payments of a period with what became known of each",
      query: z.object({
        ...period,
        payment: z.string().max(256).optional(),
        limit: z.coerce.number().int().min(1).max(10_000).default(100),
        cursor: z.string().max(20).optional(),
      }),
      response: provenance.extend({ items: z.array(label), next: z.string().optional() }),
      handler: async ({ query: { cursor, ...query }, principal }) =>
        trainingLabels(engine(), {
          ...query,
          tenant: principal.tenant,
          offset: offsetOf(cursor),
        }),
    }),
    defineRoute({
      method: "post",
      path: "/fraud/payments/{payment}/label",
      role: "analyst",
      tag,
      summary: "Say what a payment is that is in no case, such as a fraud that passed",
      status: 202,
      params: z.object({ payment: z.string().min(1).max(256) }),
      body: z.strictObject({ verdict: z.enum(verdicts) }),
      response: z.object({ done: z.boolean() }),
      handler: async ({ params: { payment }, body: { verdict }, principal }) => {
        await labelPayment(cases(), actorOf(principal), { payment, verdict });
        return { done: true };
      },
    }),
    defineRoute({
      method: "get",
      path: "/fraud/label-curve",
      role: "viewer",
      tag,
      summary: "Precision and recall of the decisions by week, as far as labels say",
      query: z.object({
        ...period,
        by: z
          .enum(["payment", "label"])
          .default("payment")
          .describe("Weeks by when payments were, or by when their labels became known"),
      }),
      response: curve,
      handler: ({ query, principal }) =>
        labelCurve(engine(), { ...query, tenant: principal.tenant }),
    }),
    defineRoute({
      method: "get",
      path: "/fraud/case-report",
      role: "viewer",
      tag,
      summary: "Loss, prevented, false positives and time to decide, by rule and by analyst",
      query: z.object(period),
      response: report,
      handler: async ({ query, principal }) =>
        caseReport(engine(), await cases().open(), { ...query, tenant: principal.tenant }),
    }),
    defineRoute({
      method: "get",
      path: "/fraud/cases/{case}/network",
      role: "analyst",
      tag,
      summary: "What the payments of a case share with others, and those with further ones",
      params: z.object({ case: caseNumber }),
      query: networkQuery,
      response: networkSchema,
      handler: async ({ params, query, principal: { tenant }, signal }) => {
        const { alerts } = await readCase(await cases().open(), tenant, params.case);
        const payments = alerts.map(({ transaction_id }) => transaction_id);
        return mutable(await network(engine(), { ...query, tenant, payments, signal }));
      },
    }),
    defineRoute({
      method: "get",
      path: "/fraud/payments/{payment}/network",
      role: "analyst",
      tag,
      summary: "What a payment shares with others, and those with further ones",
      params: z.object({ payment: z.string().min(1).max(256) }),
      query: networkQuery,
      response: networkSchema,
      handler: async ({ params, query, principal: { tenant }, signal }) =>
        mutable(await network(engine(), { ...query, tenant, payments: [params.payment], signal })),
    }),
  ];
}

function mutable(found: Awaited<ReturnType<typeof network>>): z.input<typeof networkSchema> {
  return { nodes: [...found.nodes], edges: [...found.edges], truncated: found.truncated };
}
