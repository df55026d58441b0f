import { EcapError, grains, type Platform } from "@ecap/sdk";
import { defineRoute, instant, provenance, provenanceOf, type Route } from "@ecap/sdk/http";
import { z } from "@hono/zod-openapi";

const metric = z.object({
  name: z.string(),
  version: z.number().int(),
  description: z.string(),
  unit: z.enum(["money", "count", "ratio"]),
});

/** The metrics that plugins define, by name: one definition of a number for everybody who asks. */
export function metricRoutes(platform: Platform): readonly Route[] {
  const shared = { method: "get", role: "viewer", tag: "metrics" } as const;
  return [
    defineRoute({
      ...shared,
      path: "/metrics",
      summary: "The metrics there are",
      response: z.object({ items: z.array(metric) }),
      handler: async () => ({
        items: platform.metrics.map(({ name, version, description, unit }) => ({
          name,
          version,
          description,
          unit,
        })),
      }),
    }),
    defineRoute({
      ...shared,
      path: "/metrics/{name}",
      summary: "A metric over time",
      params: z.object({ name: z.string().max(200) }),
      query: z.object({ from: instant, to: instant, grain: z.enum(grains).default("day") }),
      response: provenance.extend({
        metric: z.string(),
        version: z.number().int(),
        unit: z.string(),
        currency: z.string().optional().describe("Of money values"),
        grain: z.enum(grains),
        points: z.array(z.object({ start: z.string(), value: z.union([z.string(), z.number()]) })),
      }),
      handler: async ({ params, query, principal }) => {
        const found = platform.metrics.find(({ name }) => name === params.name);
        if (found === undefined)
          throw new EcapError("ECAP_NOT_FOUND", `there is no metric "${params.name}"`);
        const series = await found.series(platform.port("queryEngine"), {
          tenant: principal.tenant,
          ...query,
        });
        const { points, currency } = series;
        return {
          ...provenanceOf(series, principal.tenant),
          metric: found.name,
          version: found.version,
          unit: found.unit,
          ...(currency !== undefined && { currency }),
          grain: query.grain,
          points: points.map((point) => ({ ...point })),
        };
      },
    }),
  ];
}
