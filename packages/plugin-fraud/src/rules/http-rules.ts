import { EcapError } from "@ecap/sdk";
import { defineRoute, instant, type Principal, pageOf, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import type { FraudRuntime } from "../plugin.ts";
import { reportSchema } from "./backtest/report-schema.ts";
import { fields } from "./fields.ts";
import { functions, specialForms } from "./language/index.ts";
import { documentCharacters, readDocument } from "./read-document.ts";
import type { Actor, RuleVersion } from "./rule-desk.ts";
import { ruleSetSchema } from "./rule-set.ts";
import { ruleSetStates } from "./store/rule-head.ts";

const tag = "fraud";
const versionText = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
const given = {
  document: z.record(z.string(), z.unknown()).optional().describe("The rule set"),
  source: z.string().max(documentCharacters).optional().describe("Or its text, YAML or JSON"),
};
const versionInfo = z.object({
  version: z.number(),
  state: z.enum(ruleSetStates),
  name: z.string(),
  rules: z.number(),
  proposedBy: z.string(),
  proposedAt: z.string(),
  note: z.string().optional(),
});
const wholeVersion = versionInfo.extend({ document: z.unknown() });
const problem = z.object({
  rule: z.string().optional(),
  part: z.string(),
  line: z.number().optional(),
  column: z.number().optional(),
  message: z.string(),
});
const change = z.object({
  at: z.string(),
  by: z.string(),
  action: z.string(),
  version: z.number(),
});
/** Rule sets: reading, proposing, their life, and backtests. */
export function ruleRoutes(service: FraudRuntime): readonly Route[] {
  const { desk } = service;
  return [
    defineRoute({
      method: "get",
      path: "/fraud/rules",
      role: "viewer",
      tag,
      summary: "Versions of the rule set, newest first",
      query: z.object({
        limit: z.coerce.number().int().min(1).max(200).default(50),
        cursor: versionText.optional(),
      }),
      response: pageOf(versionInfo),
      handler: async ({ query: { limit, cursor }, principal }) => {
        const found = await desk.versions(principal.tenant, {
          limit,
          ...(cursor !== undefined && { below: cursor }),
        });
        const last = found.at(-1)?.version ?? 0;
        return { items: found.map(infoOf), ...(last > 0 && { next: String(last) }) };
      },
    }),
    defineRoute({
      method: "get",
      path: "/fraud/rules/{version}",
      role: "viewer",
      tag,
      summary: "One version with its document",
      params: z.object({ version: versionText }),
      response: wholeVersion,
      handler: async ({ params, principal }) =>
        wholeOf(await desk.version(principal.tenant, params.version)),
    }),
    defineRoute({
      method: "get",
      path: "/fraud/rule-changes",
      role: "viewer",
      tag,
      summary: "The last changes of states, newest first",
      response: z.object({ items: z.array(change) }),
      handler: async ({ principal }) => ({
        items: (await desk.changes(principal.tenant)).map((each) => ({
          ...each,
          at: new Date(each.at).toISOString(),
        })),
      }),
    }),
    defineRoute({
      method: "get",
      path: "/fraud/rule-language",
      role: "viewer",
      tag,
      summary: "What expressions may name, and the JSON Schema of rule sets",
      response: z.object({
        fields: z.array(z.object({ name: z.string(), type: z.string() })),
        functions: z.array(z.object({ name: z.string(), summary: z.string() })),
        schema: z.record(z.string(), z.unknown()),
      }),
      handler: async () => ({
        fields: fields.map(({ name, type }) => ({ name, type })),
        functions: [
          ...[...functions].map(([name, { summary }]) => ({ name, summary })),
          ...[...specialForms].map(([name, summary]) => ({ name, summary })),
        ],
        schema: z.toJSONSchema(ruleSetSchema, { io: "input" }),
      }),
    }),
    defineRoute({
      method: "post",
      path: "/fraud/rules/validate",
      role: "analyst",
      tag,
      summary: "What is wrong with a rule set, without storing it",
      body: z.strictObject(given),
      response: z.object({ valid: z.boolean(), problems: z.array(problem) }),
      handler: async ({ body, principal }) => {
        const problems = await desk.validate(principal.tenant, documentOf(body));
        return {
          valid: problems.length === 0,
          problems: problems.map(({ place, ...rest }) => ({ ...rest, ...place })),
        };
      },
    }),
    defineRoute({
      method: "post",
      path: "/fraud/rules",
      role: "analyst",
      tag,
      summary: "Propose a rule set: a new draft, in the place of another draft if so said",
      status: 201,
      body: z.strictObject({
        ...given,
        note: z.string().max(500).optional(),
        replaces: versionText.optional(),
      }),
      response: wholeVersion,
      handler: async ({ body, principal }) => {
        const { note, replaces } = body;
        const draft = {
          document: documentOf(body),
          ...(note !== undefined && { note }),
          ...(replaces !== undefined && { replaces }),
        };
        return wholeOf(await desk.propose(actorOf(principal), draft));
      },
    }),
    ...(["shadow", "activate", "archive", "reinstate"] as const).map((action) =>
      defineRoute({
        method: "post",
        path: `/fraud/rules/{version}/${action}`,
        role: "analyst",
        tag,
        summary: summaries[action],
        params: z.object({ version: versionText }),
        response: wholeVersion,
        handler: async ({ params, principal }) => {
          if (action === "activate" && principal.operator === true)
            throw new EcapError(
              "ECAP_FORBIDDEN",
              "a rule set is approved by a person, who signs in or has an API key; of the command line nobody can say who it is",
            );
          return wholeOf(await desk.move(actorOf(principal), params.version, action));
        },
      }),
    ),
    defineRoute({
      method: "post",
      path: "/fraud/rules/backtest",
      role: "analyst",
      tag,
      summary: "Run a rule set over the decisions of a period, beside the one that decides now",
      body: z.strictObject({
        ...given,
        version: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe("Or a stored version; none of the three: the active one"),
        from: instant,
        to: instant,
      }),
      response: reportSchema,
      handler: async ({ body, principal, signal }) => {
        const { version, from, to } = body;
        const isGiven = body.document !== undefined || body.source !== undefined;
        const made = await service.backtest({
          tenant: principal.tenant,
          version,
          from,
          to,
          signal,
          ...(isGiven && { document: documentOf(body) }),
        });
        return structuredClone(made) as z.input<typeof reportSchema>;
      },
    }),
  ];
}

const summaries = {
  shadow: "Let a draft decide in shadow, beside the one that counts",
  activate:
    "Approve a rule set in shadow, as somebody else than who proposed it and not on the command line: from now on it decides",
  archive: "Put a draft or a shadow away",
  reinstate: "Let a version that was active before decide again",
} as const;

export function actorOf({ tenant, id, madeBy }: Principal): Actor {
  return { tenant, by: id, ...(madeBy !== undefined && { madeBy }) };
}

function documentOf({
  document,
  source,
}: {
  readonly document?: unknown;
  readonly source?: string | undefined;
}): unknown {
  if ((document === undefined) === (source === undefined))
    throw new EcapError("ECAP_REQUEST_INVALID", "give either document or source", {
      path: "/document",
    });
  return source === undefined ? document : readDocument(source);
}

function infoOf({ version, state, document, proposedBy, proposedAt, note }: RuleVersion) {
  const { name, rules } = document as { readonly name: string; readonly rules: readonly unknown[] };
  return {
    version,
    state,
    name,
    rules: rules.length,
    proposedBy,
    proposedAt: new Date(proposedAt).toISOString(),
    ...(note !== undefined && { note }),
  };
}

function wholeOf(version: RuleVersion) {
  return { ...infoOf(version), document: version.document };
}
