import { isWindowFeature } from "@ecap/sdk/features";
import { defineRoute, instant, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import { fraudFeatures } from "../fraud-features.ts";
import type { FeatureDesk } from "./feature-desk.ts";

const tag = "fraud";
const definition = z.object({
  name: z.string(),
  entity: z.string().optional().describe("Absent: made of the payment and of other features"),
  aggregate: z.string().optional(),
  windowMs: z.number().optional(),
  delayMs: z.number().optional(),
});
const proof = z.object({
  set: z.string(),
  version: z.string(),
  from: z.number().optional(),
  to: z.number().optional(),
  replayed: z.number().describe("Payments that were replayed"),
  compared: z.number().describe("Of these, decisions whose features were compared"),
  values: z.number(),
  unequal: z.number(),
  examples: z.array(
    z.object({
      feature: z.string(),
      id: z.string(),
      online: z.number().nullable(),
      offline: z.number().nullable(),
    }),
  ),
});
const version = z.object({
  version: z.string(),
  registeredAt: z.number(),
  features: z.array(z.string()),
  tested: proof.omit({ examples: true }).extend({ testedAt: z.number() }).optional(),
});

/** What features there are, and whether their offline side is known to equal what was decided by. */
export function featureRoutes({ features }: { readonly features: FeatureDesk }): readonly Route[] {
  return [
    defineRoute({
      method: "get",
      path: "/fraud/features",
      role: "viewer",
      tag,
      summary: "The features decisions are made from, and which versions of them were tested",
      response: z.object({
        version: z.string(),
        items: z.array(definition),
        versions: z.array(version),
      }),
      handler: async () => ({
        version: fraudFeatures.version,
        items: fraudFeatures.features.map((feature) => {
          if (!isWindowFeature(feature)) return { name: feature.name };
          const { name, entity, aggregate, windowMs, delayMs } = feature;
          return { name, entity, aggregate, windowMs, ...(delayMs !== undefined && { delayMs }) };
        }),
        versions: (await features.versions()).map((each) => ({
          version: each.version,
          registeredAt: each.registeredAt,
          features: [...each.features],
          ...(each.tested && { tested: { ...each.tested } }),
        })),
      }),
    }),
    defineRoute({
      method: "post",
      path: "/fraud/features/proof",
      role: "analyst",
      tag,
      summary: "Replay the payments of a period and compare every feature with what was decided by",
      body: z.strictObject({ from: instant, to: instant }),
      response: proof,
      handler: async ({ body: { from, to }, principal, signal }) => {
        const found = await features.prove({ tenant: principal.tenant, from, to, signal });
        return {
          ...found,
          examples: found.examples.map(({ online, offline, ...each }) => ({
            ...each,
            online: online ?? null,
            offline: offline ?? null,
          })),
        };
      },
    }),
  ];
}
