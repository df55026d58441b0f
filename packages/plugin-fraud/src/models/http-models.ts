import { EcapError } from "@ecap/sdk";
import { defineRoute, pageOf, type Route } from "@ecap/sdk/http";
import {
  type CheckedModel,
  type ModelDesk,
  type ModelFile,
  type ModelVersion,
  modelActions,
  modelContractSchema,
  modelStates,
} from "@ecap/sdk/models";
import { z } from "zod";
import type { FraudRuntime } from "../plugin.ts";
import { actorOf } from "../rules/http-rules.ts";

const tag = "models";
const versionText = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
const onnxFile = z.strictObject({
  model: z.base64().min(1).describe("The ONNX file, in base64"),
  contract: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Of a file that has none in its metadata_props"),
});
const ensembleFile = z.strictObject({
  ensemble: z
    .record(z.string(), z.unknown())
    .describe("The document of an ensemble, of models that are registered"),
});
const noted = { note: z.string().max(500).optional() };
const file = z.union([onnxFile, ensembleFile]);
const notedFile = z.union([onnxFile.extend(noted), ensembleFile.extend(noted)]);
const checked = z.object({
  name: z.string(),
  authorsVersion: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  producer: z.string(),
  opsets: z.record(z.string(), z.number()),
  inputs: z.array(z.object({ name: z.string(), type: z.string() })),
  labels: z.array(z.union([z.string(), z.number()])).optional(),
  rowMs: z.number().optional().describe("Milliseconds a row took when it was tried"),
  golden: z.object({ rows: z.number(), largestDifference: z.number() }),
  warnings: z.array(z.string()),
  members: z.array(z.string()).optional().describe("Of an ensemble, by name and version"),
});
const role = { version: z.number(), state: z.enum(modelStates), share: z.number().optional() };
const versionInfo = checked.extend({
  ...role,
  registeredBy: z.string(),
  registeredAt: z.string(),
  note: z.string().optional(),
});
const wholeVersion = versionInfo.extend({
  contract: z.unknown(),
  ensemble: z.unknown().optional().describe("How the scores of its members become one"),
});
const policy = z.strictObject({
  labels: z
    .number()
    .int()
    .min(100)
    .describe("Labelled decisions that both models scored, at least"),
  frauds: z.number().int().min(10).describe("Of these frauds, at least"),
  gain: z.number().min(0).max(0.5).describe("How much larger the area under the ROC curve must be"),
});
const change = z.object({
  at: z.string(),
  by: z.string(),
  action: z.string(),
  version: z.number(),
  why: z.string().optional(),
});

/** The model registry of one use case: `/models/{useCase}/…`. */
export function modelRoutes({ models: { desk } }: Pick<FraudRuntime, "models">): readonly Route[] {
  const base = `/models/${desk.useCase}`;
  return [
    defineRoute({
      method: "get",
      path: `${base}/versions`,
      role: "viewer",
      tag,
      summary: "Models, newest first",
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
      path: `${base}/versions/{version}`,
      role: "viewer",
      tag,
      summary: "A model with its contract",
      params: z.object({ version: versionText }),
      response: wholeVersion,
      handler: async ({ params, principal }) =>
        wholeOf(await desk.version(principal.tenant, params.version)),
    }),
    defineRoute({
      method: "get",
      path: `${base}/versions/{version}/file`,
      role: "analyst",
      tag,
      summary: "The ONNX file as it was registered, in base64; of an ensemble its document",
      params: z.object({ version: versionText }),
      response: z.object({ model: z.string(), sha256: z.string() }),
      handler: async ({ params, principal }) => {
        const { sha256 } = await desk.version(principal.tenant, params.version);
        const bytes = await desk.bytes(principal.tenant, params.version);
        return { model: Buffer.from(bytes).toString("base64"), sha256 };
      },
    }),
    defineRoute({
      method: "get",
      path: `${base}/roles`,
      role: "viewer",
      tag,
      summary: "Which model has which role, the promotion policy, and the last changes",
      response: z.object({
        champion: z.number(),
        canary: z.object({ version: z.number(), share: z.number() }).optional(),
        challenger: z.number().optional(),
        shadows: z.array(z.number()),
        approved: z
          .array(z.number())
          .describe("Were champion and may be reinstated, the last first"),
        policy: policy.optional(),
        changes: z.array(change),
      }),
      handler: async ({ principal }) => {
        const head = await desk.head(principal.tenant);
        const { champion, canary, challenger, shadows, changes } = head;
        return {
          champion,
          canary,
          challenger,
          shadows: [...shadows],
          approved: [...head.approved],
          policy: head.policy,
          changes: changes.map(({ at, ...rest }) => ({ ...rest, at: new Date(at).toISOString() })),
        };
      },
    }),
    defineRoute({
      method: "get",
      path: `${base}/contract-schema`,
      role: "viewer",
      tag,
      summary: "JSON Schema of a model's contract",
      response: z.record(z.string(), z.unknown()),
      handler: async () => z.toJSONSchema(modelContractSchema, { io: "input" }),
    }),
    defineRoute({
      method: "post",
      path: `${base}/validate`,
      role: "analyst",
      tag,
      summary: "Check a model and run its golden vectors, without storing it",
      body: file,
      response: z.object({
        valid: z.boolean(),
        problem: z.string().optional(),
        model: checked.optional(),
      }),
      handler: async ({ body, principal: { tenant } }) => {
        try {
          return { valid: true, model: checkedOf(await desk.validate(tenant, fileOf(body))) };
        } catch (error) {
          if (!(error instanceof EcapError) || error.code !== "ECAP_MODEL_INVALID") throw error;
          return { valid: false, problem: error.message };
        }
      },
    }),
    defineRoute({
      method: "post",
      path: `${base}/versions`,
      role: "analyst",
      tag,
      summary: "Register a model, or an ensemble of some: a new version, which scores nothing yet",
      status: 201,
      body: notedFile,
      response: wholeVersion,
      handler: async ({ body: { note: why, ...body }, principal }) => {
        const given = { ...fileOf(body), ...(why !== undefined && { note: why }) };
        return wholeOf(await desk.register(actorOf(principal), given));
      },
    }),
    ...modelActions.map((action) => moveRoute(desk, base, action)),
    defineRoute({
      method: "put",
      path: `${base}/policy`,
      role: "admin",
      tag,
      summary: "When the challenger is promoted without a person; null: never",
      body: z.strictObject({ policy: policy.nullable() }),
      response: z.object({ policy: policy.nullable() }),
      handler: async ({ body, principal }) => {
        if (body.policy !== null) mustBeSomebody(principal.operator);
        await desk.setPolicy(actorOf(principal), body.policy ?? undefined);
        return body;
      },
    }),
  ];
}

const summaries = {
  shadow: "Let a model score in shadow, beside the champion",
  challenge: "Make a model the challenger, which scores beside the champion to take its place",
  canary: "Let a model decide for a share of the entities, as somebody else than who registered it",
  promote: "Make a model the champion, as somebody else than who registered it",
  retire: "Take a model out of its role",
  reinstate: "Make a model that was champion before decide again",
} as const;

const approving: ReadonlySet<string> = new Set(["canary", "promote"]);

function moveRoute(desk: ModelDesk, base: string, action: (typeof modelActions)[number]): Route {
  return defineRoute({
    method: "post",
    path: `${base}/versions/{version}/${action}`,
    role: "analyst",
    tag,
    summary: summaries[action],
    params: z.object({ version: versionText }),
    ...(action === "canary" && { body: z.strictObject({ share: z.number() }) }),
    response: z.object(role),
    handler: async ({ params, body, principal }) => {
      if (approving.has(action)) mustBeSomebody(principal.operator);
      const { share } = (body ?? {}) as { readonly share?: number };
      return desk.move(actorOf(principal), params.version, action, { share });
    },
  });
}

function mustBeSomebody(operator: boolean | undefined): void {
  if (operator === true)
    throw new EcapError(
      "ECAP_FORBIDDEN",
      "a model is approved by a person, who signs in or has an API key; of the command line nobody can say who it is",
    );
}

function fileOf(body: z.output<typeof file>): ModelFile {
  if ("ensemble" in body) return body;
  const { model, contract } = body;
  return {
    bytes: new Uint8Array(Buffer.from(model, "base64")),
    ...(contract !== undefined && { sideFile: contract }),
  };
}

function checkedOf({ contract, sha256, bytes, producer, rowMs, golden, ...rest }: CheckedModel) {
  return {
    name: contract.name,
    authorsVersion: contract.version,
    sha256,
    bytes,
    producer,
    opsets: { ...rest.opsets },
    inputs: rest.inputs.map((input) => ({ ...input })),
    ...(rest.labels !== undefined && { labels: [...rest.labels] }),
    ...(rowMs !== undefined && { rowMs }),
    golden: { ...golden },
    warnings: [...rest.warnings],
    ...(rest.ensemble !== undefined && { members: [...rest.ensemble.members] }),
  };
}

function infoOf(model: ModelVersion) {
  const { version, state, share, registeredBy, registeredAt, note } = model;
  return {
    ...checkedOf(model),
    version,
    state,
    ...(share !== undefined && { share }),
    registeredBy,
    registeredAt: new Date(registeredAt).toISOString(),
    ...(note !== undefined && { note }),
  };
}

function wholeOf(model: ModelVersion) {
  const { contract, ensemble } = model;
  return { ...infoOf(model), contract, ...(ensemble !== undefined && { ensemble }) };
}
