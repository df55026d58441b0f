import { EcapError, type Platform, type Query } from "@ecap/sdk";
import { defineRoute, provenance, provenanceOf, type Role, type Route } from "@ecap/sdk/http";
import { bronzeTableName } from "@ecap/sdk/lake";
import { z } from "@hono/zod-openapi";
import { mayAct } from "../auth/authenticator.ts";
import { tenantFor, tenantName } from "../auth/tenant-for.ts";
import { type ResultFormat, resultFormats } from "./result-formats.ts";

/** Rows that one JSON document holds at most; a stream may give more. */
const maxJsonRows = 100_000;

const body = z.object({
  sql: z.string().min(1).max(20_000),
  limit: z
    .number()
    .int()
    .min(1)
    .max(100_000_000)
    .default(1_000)
    .describe(`Most rows to give; past ${maxJsonRows} only as a stream`),
  timeoutMs: z.number().int().min(1_000).max(600_000).default(30_000),
  fresh: z
    .boolean()
    .default(false)
    .describe("Read also what was accepted and is not in the tables yet"),
  tenant: tenantName.optional(),
});

/** SQL over the lake, read-only and of one tenant. The tables it may name are those of the platform. */
export function queryRoute(platform: Platform): Route {
  return defineRoute({
    method: "post",
    path: "/query",
    role: "analyst",
    tag: "queries",
    summary: "Run a SELECT over the lake's tables",
    description:
      "A table may be named at a version or a time: `orders VERSION AS OF 3`, `orders TIMESTAMP AS OF '2026-01-31'`. By the header `accept` the rows come as a stream while they are computed.",
    body,
    alsoAs: resultFormats.map(({ type }) => type),
    response: provenance.extend({
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
      rows: z.array(z.record(z.string(), z.unknown())),
    }),
    handler: async ({ body: asked, principal, signal, accept }) => {
      const tenant = tenantFor(principal, asked.tenant);
      const query = { ...toQuery(platform, asked, principal.role), tenant, signal };
      const format = resultFormats.find(({ type }) => accept.includes(type));
      if (format !== undefined) return streamed(platform, query, format);
      if (asked.limit > maxJsonRows) {
        throw new EcapError(
          "ECAP_REQUEST_INVALID",
          `more than ${maxJsonRows} rows come only as a stream, such as application/x-ndjson`,
          { path: "/limit", received: asked.limit },
        );
      }
      const { columns, rows, ...found } = await platform.port("queryEngine").query(query);
      return {
        ...provenanceOf(found, tenant),
        columns: columns.map((column) => ({ ...column })),
        rows: rows.map((row) => ({ ...row })),
      };
    },
  });
}

function toQuery(
  platform: Platform,
  { sql, limit, timeoutMs, fresh }: z.output<typeof body>,
  role: Role,
): Omit<Query, "tenant"> {
  const named = tablesFor(platform, role).filter((table) =>
    new RegExp(`\\b${table}\\b`, "i").test(sql),
  );
  return {
    // The line ends before the bracket, so that a comment at the end of the query does too.
    sql: `select * from (${sql.replace(/;\s*$/, "")}\n) limit ${limit}`,
    tables: Object.fromEntries(named.map((table) => [table, {}])),
    maxRows: limit,
    timeoutMs,
    fresh,
  };
}

/** Typed tables and those of raw events that the role may read. */
function tablesFor({ tables, topics }: Platform, role: Role): string[] {
  const closed = tables.filter(({ readableBy = "analyst" }) => !mayAct(role, readableBy));
  const closedTopics = new Set(closed.flatMap(({ from }) => from.map(({ topic }) => topic)));
  return [
    ...tables.filter((table) => !closed.includes(table)).map(({ name }) => name),
    ...Object.keys(topics)
      .filter((topic) => !closedTopics.has(topic))
      .map(bronzeTableName),
  ];
}

/** What the rows were read from is said in headers, as `ecap-as-of` and `ecap-tables` (JSON). */
async function streamed(platform: Platform, query: Query, format: ResultFormat): Promise<Response> {
  const engine = platform.port("queryEngine");
  if (engine.stream === undefined)
    throw new EcapError("ECAP_REQUEST_INVALID", "the query engine gives no streams, only JSON");
  const stream = await engine.stream(query);
  const { asOf, tables, behind } = provenanceOf(stream, query.tenant);
  return new Response(ReadableStream.from(format.write(stream)), {
    headers: {
      "content-type": format.type,
      "ecap-as-of": asOf,
      "ecap-tables": JSON.stringify(tables),
      ...(behind !== undefined && { "ecap-behind": behind.join(",") }),
    },
  });
}
