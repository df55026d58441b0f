import { defineRoute, instant, provenance, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import type { FraudRuntime } from "../../plugin.ts";
import { readRisks } from "./read-risks.ts";
import { sellers } from "./seller-kinds.ts";

const dayMs = 86_400_000;
const risk = z.object({
  id: z.string(),
  payments: z.number(),
  frauds: z.number(),
  amount: z.number(),
  fraudAmount: z.number(),
  rate: z
    .number()
    .describe("Of fraud, drawn towards that of all the more the fewer its payments are"),
  least: z.number(),
  most: z.number().describe("Where the rate lies with nine chances of ten"),
});

/** How often payments to merchants and sellers turned out to be fraud. */
export function riskRoutes(service: FraudRuntime): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/fraud/risks",
      role: "viewer",
      tag: "fraud",
      summary: "Fraud rates of merchants or sellers over a period, the largest first",
      query: z.object({
        by: z.enum(sellers).default("merchant"),
        from: instant.optional().describe("Default: 90 days before `to`"),
        to: instant.optional(),
        limit: z.coerce
          .number()
          .int()
          .min(1)
          .max(5_000)
          .default(1_000)
          .describe("Those with most payments"),
      }),
      response: z.object({
        usual: z.number().optional().describe("The rate of one that nothing is known of"),
        items: z.array(risk),
        behind: provenance.shape.behind,
      }),
      handler: async ({ query: { by, limit, ...period }, principal: { tenant }, signal }) => {
        const { to = Date.now() + 1 } = period;
        const { from = to - 90 * dayMs } = period;
        const { risks, usual, behind } = await readRisks(service.engine(), {
          tenant,
          by,
          limit,
          from,
          to,
          signal,
        });
        return {
          ...(usual !== undefined && { usual }),
          items: risks.toSorted((a, b) => b.rate - a.rate || b.payments - a.payments),
          ...(behind !== undefined && { behind: [...behind] }),
        };
      },
    }),
  ];
}
