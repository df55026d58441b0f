import { defineRoute, pageOf, pageQuery, paginate, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import { assetKinds, type GovernanceService } from "./contract.ts";
import { qualityRoutes } from "./quality/http-quality.ts";

const asset = z.object({
  kind: z.enum(assetKinds),
  name: z.string(),
  description: z.string(),
  details: z.record(z.string(), z.unknown()),
});
const auditEntry = z.object({
  id: z.string(),
  time: z.string(),
  tenant: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  outcome: z.enum(["success", "refused", "failed"]),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});
const holding = z.object({
  what: z.string(),
  where: z.string(),
  fields: z.array(z.string()),
  purpose: z.string(),
  retention: z.string(),
});

export function routes(service: GovernanceService): readonly Route[] {
  const tag = "governance";
  return [
    defineRoute({
      method: "get",
      path: "/governance/catalogue",
      role: "viewer",
      tag,
      summary: "What the platform is made of: events, topics, tables, metrics, models, plugins",
      query: pageQuery.extend({
        kind: z.enum(assetKinds).optional(),
        text: z.string().max(200).optional(),
      }),
      response: pageOf(asset),
      handler: async ({ query }) => {
        const { kind, text } = query;
        const found = service.catalogue({
          ...(kind !== undefined && { kind }),
          ...(text !== undefined && { text }),
        });
        return paginate(
          found.map((entry) => ({ ...entry })),
          query,
        );
      },
    }),
    defineRoute({
      method: "get",
      path: "/governance/audit",
      role: "admin",
      tag,
      summary: "Who did what, newest first",
      query: pageQuery.extend({
        actor: z.string().max(200).optional(),
        action: z.string().max(200).optional(),
      }),
      response: pageOf(auditEntry),
      handler: async ({ query, principal }) => {
        const offset = Math.max(0, Number.parseInt(query.cursor ?? "0", 10) || 0);
        const { actor, action, limit } = query;
        const found = await service.auditLog({
          tenant: principal.tenant,
          limit: limit + 1,
          offset,
          ...(actor !== undefined && { actor }),
          ...(action !== undefined && { action }),
        });
        const items = found.slice(0, limit).map((entry) => ({ ...entry }));
        return { items, ...(found.length > limit && { next: String(offset + limit) }) };
      },
    }),
    defineRoute({
      method: "get",
      path: "/governance/personal-data",
      role: "analyst",
      tag,
      summary: "What each plugin keeps about people, where, why and how long",
      response: z.object({
        plugins: z.array(
          z.object({ plugin: z.string(), holds: z.union([z.literal("none"), z.array(holding)]) }),
        ),
      }),
      handler: async () => {
        const { plugins } = service.personalDataReport();
        return {
          plugins: plugins.map(({ plugin, holds }) => ({
            plugin,
            holds:
              holds === "none"
                ? holds
                : holds.map((held) => ({ ...held, fields: [...held.fields] })),
          })),
        };
      },
    }),
    ...qualityRoutes(service),
  ];
}
