import { EcapError, type Platform } from "@ecap/sdk";
import { defineRoute, type Route } from "@ecap/sdk/http";
import { type LakeUpkeep, type MaintenanceRun, upkeepSteps } from "@ecap/sdk/lake";
import { z } from "@hono/zod-openapi";

const table = z.string().regex(/^[a-z0-9_]{1,100}$/);
const count = z.number().int();
const totals = z.object({ files: count, bytes: count, rows: count.optional() });
const files = z.object({ files: count, bytes: count });
const time = z.string().describe("ISO 8601");

const run = z.object({
  table: z.string(),
  by: z.string().describe("The job, or who asked"),
  startedAt: time,
  endedAt: time,
  dryRun: z.boolean(),
  compact: z.object({ removed: totals, added: totals.optional() }).optional(),
  retire: z.object({ deleted: totals, archived: totals }).optional(),
  vacuum: files.optional(),
  checkpoint: z.object({ version: count.optional(), removedLogFiles: count }).optional(),
  savedBytes: count.describe("That the newest version takes less"),
  freedBytes: count.describe("That the store holds less"),
  touchedFiles: count,
  failed: z.object({ step: z.enum(upkeepSteps), code: z.string(), message: z.string() }).optional(),
});

const cost = {
  bytes: count,
  costPerMonth: z.string().optional().describe("Exact decimal; absent where no prices are set"),
};
const storage = z.object({
  currency: z.string().optional(),
  ...cost,
  tables: z.array(
    z.object({
      table: z.string(),
      ...cost,
      tiers: z.array(
        z.object({
          tier: z.enum(["hot", "archive"]),
          live: totals.describe("Files of the newest version"),
          old: files.describe("Files kept for older versions"),
          log: files,
          ...cost,
        }),
      ),
    }),
  ),
});

/** The upkeep of the lake: what tables take and cost, what was done for them, and where their versions came from. */
export function lakeRoutes(platform: Platform): readonly Route[] {
  const shared = { role: "admin", tag: "lake", concerns: "deployment" } as const;
  return [
    defineRoute({
      ...shared,
      method: "get",
      path: "/admin/lake/storage",
      summary: "What tables take and cost, by tier",
      query: z.object({ table: table.optional() }),
      response: storage,
      handler: async ({ query }) => {
        const named = query.table === undefined ? undefined : [query.table];
        return copyOf(await upkeepOf(platform).storage(named));
      },
    }),
    defineRoute({
      ...shared,
      method: "get",
      path: "/admin/lake/tables",
      summary:
        "The tables that are there, with how long they keep their rows and what was last done for each",
      response: z.object({
        items: z.array(
          z.object({
            table: z.string(),
            keepDays: z.number().optional(),
            archiveAfterDays: z.number().optional(),
            lastRun: run.optional(),
          }),
        ),
      }),
      handler: async () => {
        const upkeep = upkeepOf(platform);
        const items = (await upkeep.tables()).map(async (name) => {
          const [last] = await upkeep.runs(name);
          return {
            table: name,
            ...upkeep.retentionOf(name),
            ...(last && { lastRun: shown(last) }),
          };
        });
        return { items: await Promise.all(items) };
      },
    }),
    defineRoute({
      ...shared,
      method: "get",
      path: "/admin/lake/tables/{table}/maintenance",
      summary: "What was done for a table, newest first",
      description: "The last 50 runs that changed something or failed.",
      params: z.object({ table }),
      response: z.object({ items: z.array(run) }),
      handler: async ({ params }) => ({
        items: (await upkeepOf(platform).runs(params.table)).map(shown),
      }),
    }),
    defineRoute({
      ...shared,
      method: "post",
      path: "/admin/lake/tables/{table}/maintenance",
      summary:
        "Do now what is due for a table: compact, archive and delete by age, vacuum, checkpoint",
      params: z.object({ table }),
      body: z.object({
        steps: z.array(z.enum(upkeepSteps)).min(1).optional().describe("Default: all"),
        dryRun: z.boolean().default(false).describe("Only tell what would be done"),
      }),
      response: run,
      handler: async ({ params, body, principal, signal }) => {
        const { steps, dryRun } = body;
        const by = principal.operator === true ? "command line" : principal.id;
        const asked = { table: params.table, dryRun, by, signal, ...(steps && { steps }) };
        return shown(await upkeepOf(platform).maintain(asked));
      },
    }),
    lineageRoute(platform),
  ];
}

const ndjson = "application/x-ndjson";

function lineageRoute(platform: Platform): Route {
  return defineRoute({
    role: "admin",
    tag: "lake",
    concerns: "deployment",
    method: "get",
    path: "/admin/lineage/tables/{table}",
    summary: "Where the versions of a table came from, as OpenLineage run events",
    description: `A run for each version, its beginning and its end, the newest version first. As ${ndjson} one event a line.`,
    params: z.object({ table }),
    query: z.object({
      limit: z.coerce.number().int().min(1).max(1_000).default(100).describe("Versions"),
      before: z.coerce.number().int().min(0).optional().describe("Only versions before it"),
    }),
    response: z.object({ items: z.array(z.record(z.string(), z.unknown())) }),
    alsoAs: [ndjson],
    handler: async ({ params, query: { limit, before }, accept }) => {
      const which = { limit, ...(before !== undefined && { before }) };
      const events = await upkeepOf(platform).lineage(params.table, which);
      if (!accept.includes(ndjson)) return { items: events.map((event) => ({ ...event })) };
      const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
      return new Response(lines, { headers: { "content-type": ndjson } });
    },
  });
}

function upkeepOf({ lake }: Platform): LakeUpkeep {
  if (lake) return lake;
  throw new EcapError(
    "ECAP_PORT_MISSING",
    "no adapter brings tables that this platform looks after",
  );
}

function shown(done: MaintenanceRun): z.input<typeof run> {
  return {
    ...copyOf(done),
    startedAt: new Date(done.startedAt).toISOString(),
    endedAt: new Date(done.endedAt).toISOString(),
  };
}

type Writable<T> = T extends readonly (infer Item)[]
  ? Array<Writable<Item>>
  : T extends object
    ? { -readonly [Key in keyof T]: Writable<T[Key]> }
    : T;

function copyOf<T extends object>(value: T): Writable<T> {
  return structuredClone(value) as Writable<T>;
}
