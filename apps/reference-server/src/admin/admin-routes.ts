import { formatBootPlan, type Platform } from "@ecap/sdk";
import { type Collector, listDeadLetters, redriveDeadLetters } from "@ecap/sdk/collector";
import { defineRoute, type Route, roles } from "@ecap/sdk/http";
import { z } from "@hono/zod-openapi";
import type { Accounts } from "../auth/accounts.ts";
import type { Sessions } from "../auth/sessions.ts";
import { tenantFor, tenantName } from "../auth/tenant-for.ts";

const role = z.enum(roles);
const name = z.string().min(1).max(200);
const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  tenant: z.string(),
  role,
  createdBy: z.string(),
  createdAt: z.string(),
  revokedAt: z.string().nullable(),
});
const user = z.object({
  name: z.string(),
  tenant: z.string(),
  role,
  createdAt: z.string(),
  disabled: z.boolean(),
});
const run = z.object({
  startedAt: z.number(),
  endedAt: z.number(),
  outcome: z.string(),
  attempts: z.number(),
  report: z.record(z.string(), z.unknown()).optional(),
  error: z.string().optional(),
});
const files = z.object({ files: z.number(), bytes: z.number(), rows: z.number().optional() });
const letter = z.object({
  topic: z.string(),
  offset: z.number().int(),
  code: z.string(),
  path: z.string(),
  message: z.string(),
  attempts: z.number().int().describe("All there were, those before it was put back among them"),
  redrives: z.number().int().describe("How often it was put back before"),
  consumer: z
    .string()
    .optional()
    .describe("Who could not take it; absent: the collector refused it"),
  origin: z
    .object({ topic: z.string(), partition: z.number().int(), offset: z.number().int() })
    .optional()
    .describe("Where its record is"),
  failedAt: z.string(),
  redriven: z.boolean(),
  event: z.string().describe("The bytes that came in, as text"),
});

/** What administrators do: people, keys, dead letters, jobs, the boot plan. */
export function adminRoutes({
  platform,
  accounts,
  sessions,
  collector,
}: {
  platform: Platform;
  accounts: Accounts;
  sessions: Sessions;
  collector: Collector;
}): readonly Route[] {
  const shared = { role: "admin", tag: "administration" } as const;
  const ofDeployment = { ...shared, concerns: "deployment" } as const;
  const letters = z.object({
    topic: z.string().min(1).max(200),
    from: z.coerce.number().int().min(0).optional(),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  });
  return [
    defineRoute({
      ...shared,
      method: "post",
      path: "/admin/api-keys",
      summary: "Create an API key; the key is shown this once",
      body: z.object({ name, role, tenant: tenantName.optional() }),
      response: apiKey.extend({ key: z.string() }),
      status: 201,
      handler: ({ body, principal }) =>
        accounts.apiKeys.create({
          ...body,
          tenant: tenantFor(principal, body.tenant),
          // Of a key made with a key: who stands behind that one.
          createdBy: principal.madeBy ?? principal.id,
        }),
    }),
    defineRoute({
      ...shared,
      method: "get",
      path: "/admin/api-keys",
      summary: "List API keys",
      response: z.object({ items: z.array(apiKey) }),
      handler: async ({ principal }) => ({
        items: [...(await accounts.apiKeys.list(principal.tenant))],
      }),
    }),
    defineRoute({
      ...shared,
      method: "delete",
      path: "/admin/api-keys/{id}",
      summary: "Revoke an API key",
      params: z.object({ id: z.string().max(50) }),
      response: z.object({ id: z.string() }),
      handler: async ({ params, principal }) => {
        await accounts.apiKeys.revoke(params.id, principal.tenant);
        return { id: params.id };
      },
    }),
    defineRoute({
      ...shared,
      method: "post",
      path: "/admin/users",
      summary: "Create a user",
      body: z.object({ name, password: z.string(), role, tenant: tenantName.optional() }),
      response: user,
      status: 201,
      handler: ({ body, principal }) =>
        accounts.users.create({ ...body, tenant: tenantFor(principal, body.tenant) }),
    }),
    defineRoute({
      ...shared,
      method: "get",
      path: "/admin/users",
      summary: "List users",
      response: z.object({ items: z.array(user) }),
      handler: async ({ principal }) => ({
        items: [...(await accounts.users.list(principal.tenant))],
      }),
    }),
    defineRoute({
      ...shared,
      method: "delete",
      path: "/admin/users/{name}",
      summary: "Disable a user",
      params: z.object({ name }),
      response: z.object({ name: z.string() }),
      handler: async ({ params, principal }) => {
        await accounts.users.disable(params.name, principal.tenant);
        await sessions.endAll(params.name);
        return { name: params.name };
      },
    }),
    defineRoute({
      ...shared,
      method: "get",
      path: "/admin/dead-letters",
      summary: "List events that could not be taken",
      query: letters,
      response: z.object({ items: z.array(letter) }),
      handler: async ({ query, principal }) => {
        const found = await listDeadLetters(platform, {
          ...withoutUndefined(query),
          tenant: principal.tenant,
        });
        const items = found.map(
          ({ bytes, failedAt, headers: _headers, key: _key, partition: _partition, ...shown }) => ({
            ...shown,
            failedAt: new Date(failedAt).toISOString(),
            event: new TextDecoder().decode(bytes.subarray(0, 10_000)),
          }),
        );
        return { items };
      },
    }),
    defineRoute({
      ...shared,
      method: "post",
      path: "/admin/dead-letters/redrive",
      summary:
        "Put dead letters back: through the collector, or to the consumer that could not take them",
      body: letters.extend({
        maxRedrives: z
          .number()
          .int()
          .min(1)
          .max(1_000)
          .default(5)
          .describe("Letters put back this often are refused"),
      }),
      response: z.object({
        items: z.array(
          z.object({
            offset: z.number(),
            status: z.enum(["accepted", "duplicate", "quarantined", "redriven", "refused"]),
            id: z.string().optional(),
            code: z.string().optional(),
            message: z.string().optional(),
          }),
        ),
      }),
      handler: async ({ body, principal }) => ({
        items: [
          ...(await redriveDeadLetters(platform, collector, {
            ...withoutUndefined(body),
            tenant: principal.tenant,
          })),
        ],
      }),
    }),
    defineRoute({
      ...ofDeployment,
      method: "get",
      path: "/admin/jobs/{name}/runs",
      summary: "The last runs of a job, newest first",
      params: z.object({ name }),
      response: z.object({ items: z.array(run) }),
      handler: async ({ params }) => ({
        items: [...((await platform.background?.jobs?.history(params.name)) ?? [])],
      }),
    }),
    defineRoute({
      ...ofDeployment,
      method: "get",
      path: "/admin/boot-plan",
      summary: "What this platform is made of",
      response: z.object({ plan: z.unknown(), text: z.string() }),
      handler: async () => {
        const plan = platform.explain();
        return { plan, text: formatBootPlan(plan) };
      },
    }),
    defineRoute({
      ...ofDeployment,
      method: "get",
      path: "/admin/tables/{table}/history",
      summary: "The versions of a lake table, newest first",
      params: z.object({ table: z.string().regex(/^[a-z0-9_]{1,100}$/) }),
      query: z.object({ limit: z.coerce.number().int().min(1).max(1_000).default(20) }),
      response: z.object({
        items: z.array(
          z.object({
            version: z.number(),
            timestamp: z.number(),
            operation: z.string(),
            info: z.record(z.string(), z.unknown()),
            added: files.optional(),
            removed: files.optional(),
          }),
        ),
      }),
      handler: async ({ params, query }) => ({
        items: (await platform.port("tableStore").history(params.table, query)).map((commit) => ({
          ...commit,
        })),
      }),
    }),
  ];
}

function withoutUndefined<T extends { from?: number | undefined }>({
  from,
  ...rest
}: T): Omit<T, "from"> & { from?: number } {
  return from === undefined ? rest : { ...rest, from };
}
