import type { Platform } from "@ecap/sdk";
import { defineRoute, provenance, type Route } from "@ecap/sdk/http";
import { bronzeTableName } from "@ecap/sdk/lake";
import { z } from "@hono/zod-openapi";

/** SQL over the lake, read-only and of one tenant. The tables it may name are those of the platform. */
export function queryRoute(platform: Platform): Route {
  return defineRoute({
    method: "post",
    path: "/query",
    role: "admin",
    tag: "administration",
    summary: "Run a SELECT over the lake's tables",
    body: z.object({
      sql: z.string().min(1).max(20_000),
      limit: z.number().int().min(1).max(100_000).default(1_000),
    }),
    response: provenance.extend({
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
      rows: z.array(z.record(z.string(), z.unknown())),
    }),
    handler: async ({ body, principal, signal }) => {
      const known = [
        ...platform.tables.map((table) => table.name),
        ...Object.keys(platform.topics).map(bronzeTableName),
      ];
      const named = known.filter((table) => new RegExp(`\\b${table}\\b`, "i").test(body.sql));
      const result = await platform.port("queryEngine").query({
        // The line ends before the bracket, so that a comment at the end of the query does too.
        sql: `select * from (${body.sql.replace(/;\s*$/, "")}\n) limit ${body.limit}`,
        tenant: principal.tenant,
        tables: Object.fromEntries(named.map((table) => [table, {}])),
        maxRows: body.limit,
        signal,
      });
      return {
        tenant: principal.tenant,
        asOf: new Date(result.asOf).toISOString(),
        tables: { ...result.versions },
        columns: result.columns.map((column) => ({ ...column })),
        rows: result.rows.map((row) => ({ ...row })),
      };
    },
  });
}
