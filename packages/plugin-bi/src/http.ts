import { grains } from "@ecap/sdk";
import { defineRoute, instant, provenance, provenanceOf, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import { type Answer, type BiService, dimensions, refundBases } from "./contract.ts";

const period = z.object({
  from: instant.describe("First instant or date, inclusive"),
  to: instant.describe("Last instant or date, exclusive"),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "an ISO 4217 code")
    .optional()
    .describe("Default: the one with the most sales"),
  basis: z.enum(refundBases).default("refund_date").describe("When a refund counts"),
});
const figures = z.object({
  gross: z.string().describe("Exact decimal"),
  refunded: z.string(),
  adjustments: z.string(),
  net: z.string().describe("gross − refunded + adjustments"),
  orders: z.number().int(),
  units: z.number(),
  averageOrderValue: z.string(),
});
const answer = provenance.extend({
  currency: z.string().nullable(),
  otherCurrencies: z.array(z.string()),
  basis: z.enum(refundBases),
});
const rows = z.array(figures.extend({ value: z.string(), name: z.string().optional() }));

type PeriodQuery = z.output<typeof period>;

export function routes(service: BiService): readonly Route[] {
  const shared = { method: "get", role: "viewer", tag: "bi" } as const;
  return [
    defineRoute({
      ...shared,
      path: "/bi/revenue",
      summary: "Revenue over time: gross, refunded, net, orders, units, average order value",
      query: period.extend({ grain: z.enum(grains).default("day") }),
      response: answer.extend({
        grain: z.enum(grains),
        points: z.array(figures.extend({ start: z.string() })),
        total: figures,
      }),
      handler: async ({ query, principal }) => {
        const found = await service.revenue({
          ...request(query, principal.tenant),
          grain: query.grain,
        });
        return {
          ...describe(found, principal.tenant),
          grain: found.grain,
          points: found.points.map((point) => ({ ...point })),
          total: { ...found.total },
        };
      },
    }),
    defineRoute({
      ...shared,
      path: "/bi/revenue/by/{dimension}",
      summary: "Revenue by country, product or channel, most net revenue first",
      params: z.object({ dimension: z.enum(dimensions) }),
      query: period.extend({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
      response: answer.extend({ by: z.enum(dimensions), rows }),
      handler: async ({ params, query, principal }) => {
        const found = await service.breakdown({
          ...request(query, principal.tenant),
          by: params.dimension,
        });
        return {
          ...describe(found, principal.tenant),
          by: found.by,
          rows: found.rows.slice(0, query.limit).map((row) => ({ ...row })),
        };
      },
    }),
    defineRoute({
      ...shared,
      path: "/bi/products/top",
      summary: "Products by net revenue, without charges",
      query: period.extend({ limit: z.coerce.number().int().min(1).max(100).default(10) }),
      response: answer.extend({ rows }),
      handler: async ({ query, principal }) => {
        const found = await service.topProducts({
          ...request(query, principal.tenant),
          limit: query.limit,
        });
        return {
          ...describe(found, principal.tenant),
          rows: found.rows.map((row) => ({ ...row })),
        };
      },
    }),
  ];
}

function request({ from, to, currency, basis }: PeriodQuery, tenant: string) {
  return { tenant, from, to, basis, ...(currency !== undefined && { currency }) };
}

function describe(found: Answer, tenant: string) {
  const { currency, otherCurrencies, basis } = found;
  return {
    ...provenanceOf(found, tenant),
    currency: currency ?? null,
    otherCurrencies: [...otherCurrencies],
    basis,
  };
}
