import {
  defineRoute,
  instant,
  pageQuery,
  paginate,
  provenance,
  provenanceOf,
  type Route,
} from "@ecap/sdk/http";
import { z } from "zod";
import { binnings, type CustomerService, type RfmRequest, segments } from "./contract.ts";

const rfmQuery = {
  at: instant.optional().describe("Analysis day; default: today"),
  bins: z.coerce.number().int().min(2).max(10).default(5),
  binning: z.enum(binnings).default("quantile"),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "an ISO 4217 code")
    .optional()
    .describe("Of the monetary value; default: the one most customers paid in"),
};
const scored = z.object({
  customerId: z.string(),
  lastOrder: z.string(),
  recencyDays: z.number().int(),
  frequency: z.number().int(),
  amount: z.string().describe("Exact decimal"),
  recencyScore: z.number().int(),
  frequencyScore: z.number().int(),
  monetaryScore: z.number().int(),
  segment: z.enum(segments),
});

export function routes(service: CustomerService): readonly Route[] {
  const shared = { method: "get", tag: "customers" } as const;
  return [
    defineRoute({
      ...shared,
      path: "/customers/rfm",
      role: "analyst",
      summary: "Customers with recency, frequency and monetary value, scores and segment",
      query: pageQuery.extend({ ...rfmQuery, segment: z.enum(segments).optional() }),
      response: provenance.extend({
        currency: z.string().nullable(),
        items: z.array(scored),
        next: z.string().optional(),
      }),
      handler: async ({ query, principal }) => {
        const found = await service.rfm(rfmRequest(query, principal.tenant));
        const { segment } = query;
        const chosen = found.customers.filter(
          (customer) => segment === undefined || customer.segment === segment,
        );
        return {
          ...provenanceOf(found, principal.tenant),
          currency: found.currency ?? null,
          ...paginate(
            chosen.map(({ monetary: _monetary, ...customer }) => customer),
            query,
          ),
        };
      },
    }),
    defineRoute({
      ...shared,
      path: "/customers/segments",
      role: "viewer",
      summary: "How many customers each RFM segment has",
      query: z.object(rfmQuery),
      response: provenance.extend({
        segments: z.array(z.object({ segment: z.enum(segments), customers: z.number().int() })),
      }),
      handler: async ({ query, principal }) => {
        const found = await service.rfm(rfmRequest(query, principal.tenant));
        const counts = segments.map((segment) => ({
          segment,
          customers: found.customers.filter((customer) => customer.segment === segment).length,
        }));
        return { ...provenanceOf(found, principal.tenant), segments: counts };
      },
    }),
    defineRoute({
      ...shared,
      path: "/customers/cohorts",
      role: "viewer",
      summary: "Monthly retention by the month a customer was first seen",
      query: z.object({
        grain: z.literal("month").default("month"),
        metric: z.enum(["active", "purchasing"]).default("purchasing"),
        from: instant.optional(),
        to: instant.optional(),
      }),
      response: provenance.extend({
        grain: z.literal("month"),
        metric: z.enum(["active", "purchasing"]),
        cohorts: z.array(
          z.object({
            cohort: z.string(),
            size: z.number().int(),
            customers: z.array(z.number().int()),
            retention: z.array(z.number()),
          }),
        ),
      }),
      handler: async ({ query, principal }) => {
        const { metric, from, to, grain } = query;
        const found = await service.cohorts({
          tenant: principal.tenant,
          metric,
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
        });
        const rows = found.cohorts.map((cohort) => ({
          ...cohort,
          customers: [...cohort.customers],
          retention: [...cohort.retention],
        }));
        return { ...provenanceOf(found, principal.tenant), grain, metric, cohorts: rows };
      },
    }),
  ];
}

type RfmQuery = z.output<z.ZodObject<typeof rfmQuery>>;

function rfmRequest({ at, bins, binning, currency }: RfmQuery, tenant: string): RfmRequest {
  return {
    tenant,
    bins,
    binning,
    ...(at !== undefined && { at }),
    ...(currency !== undefined && { currency }),
  };
}
