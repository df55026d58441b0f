import type { Logger } from "@ecap/sdk";
import { EcapError } from "@ecap/sdk";
import type { Route } from "@ecap/sdk/http";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { authorise, authoriseForDeployment } from "../auth/authenticator.ts";
import type { AppEnv } from "./app-env.ts";

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    help: z.string(),
    retryable: z.boolean(),
    path: z.string().optional(),
    requestId: z.string().optional(),
  })
  .openapi("Problem");

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

/** Serves routes given as data: each is authorised, validated, documented in OpenAPI and answered in one way. */
export function mountRoutes(
  app: OpenAPIHono<AppEnv>,
  routes: readonly Route[],
  { logger, tenant }: { readonly logger: Logger; readonly tenant: string },
): void {
  for (const route of routes) {
    app.openAPIRegistry.registerPath(documentation(route));
    const path = `/v1${route.path.replaceAll(/\{(\w+)\}/g, ":$1")}`;
    app.on(route.method.toUpperCase(), path, async (c) => {
      const principal = c.get("principal");
      authorise(principal, route.role);
      if (route.concerns === "deployment") authoriseForDeployment(principal, tenant);
      const answer = await route.handler({
        params: parse(route.params, c.req.param(), "path"),
        query: parse(route.query, c.req.query(), "query"),
        body:
          route.body === undefined ? undefined : parse(route.body, await readJson(c.req.raw), ""),
        principal,
        accept: c.req.header("accept") ?? "",
        signal: c.req.raw.signal,
      });
      if (answer instanceof Response) return answer;
      return c.json(answer as object, route.status ?? 200);
    });
    logger.debug({ method: route.method, path, role: route.role }, "route mounted");
  }
}

function parse(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  if (holdsNul(value))
    throw new EcapError("ECAP_REQUEST_INVALID", `${where || "body"}: a text holds U+0000`, {
      path: `/${where}`,
    });
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = [where, ...(issue?.path ?? [])].filter((part) => part !== "").join("/");
  throw new EcapError("ECAP_REQUEST_INVALID", `${path}: ${issue?.message ?? "invalid"}`, {
    path: `/${path}`,
  });
}

/** Whether any text in the value holds the one character that no database takes. Without recursion, for a body may nest as deep as it is long. */
function holdsNul(value: unknown): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === "string" && next.includes("\0")) return true;
    if (typeof next === "object" && next !== null)
      for (const [name, member] of Object.entries(next)) open.push(name, member);
  }
  return false;
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw new EcapError("ECAP_REQUEST_INVALID", "the body is no JSON");
  }
}

function whoMay({ role, concerns }: Route): string {
  return `Needs the role ${role}${concerns === "deployment" ? " in the tenant of the deployment itself" : ""}.`;
}

function documentation(route: Route) {
  const request = {
    ...(route.params instanceof z.ZodObject && { params: route.params }),
    ...(route.query instanceof z.ZodObject && { query: route.query }),
    ...(route.body !== undefined && {
      body: { content: { "application/json": { schema: route.body } }, required: true },
    }),
  };
  return createRoute({
    method: route.method,
    path: `/v1${route.path}`,
    summary: route.summary,
    description: [route.description, whoMay(route)].filter(Boolean).join("\n\n"),
    tags: [route.tag],
    security: [{ bearer: [] }],
    request,
    responses: {
      [route.status ?? 200]: {
        description: "As asked",
        content: {
          "application/json": { schema: route.response },
          ...Object.fromEntries((route.alsoAs ?? []).map((type) => [type, { schema: z.string() }])),
        },
      },
      400: problem("The request is not as described"),
      401: problem("Nobody, or a wrong key"),
      403: problem("The role may not do this"),
      429: problem("Too many requests; see Retry-After"),
    },
  });
}
