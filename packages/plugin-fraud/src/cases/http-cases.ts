import { EcapError } from "@ecap/sdk";
import { defineRoute, instant, type Principal, pageOf, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import { actorOf } from "../rules/http-rules.ts";
import type { CaseContext } from "./case-context.ts";
import { addNote, takeStep } from "./case-desk.ts";
import { addFile, maxFileBytes, mediaTypes, readFile } from "./case-files.ts";
import { type CaseStep, caseStates, resolutions } from "./case-life.ts";
import { type EntityKind, entityKinds } from "./case-options.ts";
import {
  caseCountsSchema,
  caseInfo,
  caseNumber,
  countsOf,
  infoOf,
  wholeCase,
  wholeOf,
} from "./case-schemas.ts";
import { labelPayments } from "./labels/label-case.ts";
import { verdicts } from "./labels/verdicts.ts";
import { wordsOn } from "./labels/words-on.ts";
import { caseOrders, countCases, listCases, offsetOf, readCase } from "./read-cases.ts";
import { takeSuggestion } from "./suggestions.ts";

const tag = "fraud cases";
const params = z.object({ case: caseNumber });
const id = z.string().min(1).max(256);
const version = z
  .number()
  .int()
  .min(1)
  .describe("The case's version as the caller saw it; where it is another by now, nothing is done");
const person = z.string().min(1).max(200);
const queueName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "expected at most 40 lower-case letters, digits and dashes");

/** Steps of a case's life as routes, each with what its body has beside the version. */
const steps = {
  assign: {
    summary: "Give a case to somebody, or to nobody",
    body: z.strictObject({
      version,
      to: z.union([person, z.null()]).optional().describe("Default: the caller; null: nobody"),
    }),
    step: ({ to }: { to?: string | null | undefined }, { id: by }: Principal): CaseStep => ({
      do: "assign",
      to: to === undefined ? by : to,
    }),
  },
  wait: {
    summary: "Wait for something, as for an answer of the customer",
    body: z.strictObject({ version }),
    step: (): CaseStep => ({ do: "wait" }),
  },
  resume: {
    summary: "Go on with a case that waited",
    body: z.strictObject({ version }),
    step: (): CaseStep => ({ do: "resume" }),
  },
  move: {
    summary: "Put a case into another queue",
    body: z.strictObject({ version, queue: queueName }),
    step: ({ queue }: { queue: string }): CaseStep => ({ do: "move", queue }),
  },
  escalate: {
    summary: "Hand a case to somebody else, who alone can close it",
    body: z.strictObject({ version }),
    step: (): CaseStep => ({ do: "escalate" }),
  },
  close: {
    summary: "Close a case with what came out of it",
    body: z.strictObject({ version, resolution: z.enum(resolutions) }),
    step: ({ resolution }: { resolution: (typeof resolutions)[number] }): CaseStep => ({
      do: "close",
      resolution,
    }),
  },
  reopen: {
    summary: "Go on with a case that was closed",
    body: z.strictObject({ version }),
    step: (): CaseStep => ({ do: "reopen" }),
  },
  merge: {
    summary: "Put all of a case into another",
    body: z.strictObject({ version, into: z.number().int().min(1) }),
    step: ({ into }: { into: number }): CaseStep => ({ do: "merge", into }),
  },
} as const;

/** Cases: the queue, a case with its evidence, and everything that is done with it. */
export function caseRoutes(context: () => CaseContext): readonly Route[] {
  const whole = async (tenant: string, number: number) => {
    const { open, engine, clock } = context();
    const found = await readCase(await open(), tenant, number);
    const lake = engine();
    const payments = found.alerts.map(({ transaction_id, order_id }) => ({
      id: transaction_id,
      orderId: order_id,
    }));
    const words = lake === undefined ? new Map() : await wordsOn(lake, tenant, payments);
    return wholeOf(found, words, clock.now());
  };
  return [
    defineRoute({
      method: "get",
      path: "/fraud/cases",
      role: "analyst",
      tag,
      summary: "Cases, those with the largest expected loss first",
      query: z.object({
        state: z.enum(["open", ...caseStates]).optional(),
        queue: queueName.optional(),
        assignee: z.string().max(200).optional().describe("A name; empty: nobody's"),
        resolution: z.enum(resolutions).optional(),
        dueBefore: instant.optional(),
        entity: z
          .string()
          .max(300)
          .regex(new RegExp(`^(${entityKinds.join("|")}):.`), "expected as in card:token-7")
          .optional()
          .describe("What its payments have in common, as in card:token-7"),
        id: id.optional().describe("A payment's, or of anything that payments share"),
        order: z.enum(caseOrders).default("priority"),
        limit: z.coerce.number().int().min(1).max(200).default(50),
        cursor: z.string().max(20).optional(),
      }),
      response: pageOf(caseInfo),
      handler: async ({ query, principal }) => {
        const { open, clock } = context();
        const { cursor, entity, limit, ...filter } = query;
        const offset = offsetOf(cursor);
        const found = await listCases(await open(), {
          ...filter,
          limit,
          offset,
          tenant: principal.tenant,
          ...(entity !== undefined && { entity: entityOf(entity) }),
        });
        const now = clock.now();
        return {
          items: found.slice(0, limit).map((row) => infoOf(row, row.entities, now)),
          ...(found.length > limit && { next: String(offset + limit) }),
        };
      },
    }),
    defineRoute({
      method: "get",
      path: "/fraud/case-queues",
      role: "viewer",
      tag,
      summary: "What is open in each queue",
      response: caseCountsSchema,
      handler: async ({ principal }) => {
        const { open, clock } = context();
        return countsOf(await countCases(await open(), principal.tenant, clock.now()));
      },
    }),
    defineRoute({
      method: "get",
      path: "/fraud/cases/{case}",
      role: "analyst",
      tag,
      summary: "A case with its evidence, what was said of its payments, and what was done",
      params,
      response: wholeCase,
      handler: ({ params: { case: number }, principal }) => whole(principal.tenant, number),
    }),
    ...Object.entries(steps).map(([name, { summary, body, step }]) =>
      defineRoute({
        method: "post",
        path: `/fraud/cases/{case}/${name}`,
        role: "analyst",
        tag,
        summary,
        params,
        body,
        response: wholeCase,
        handler: async ({ params: { case: number }, body: given, principal }) => {
          const toStep = step as (body: unknown, by: Principal) => CaseStep;
          await takeStep(
            context(),
            actorOf(principal),
            { number, version: given.version },
            toStep(given, principal),
          );
          return whole(principal.tenant, number);
        },
      }),
    ),
    defineRoute({
      method: "post",
      path: "/fraud/cases/{case}/labels",
      role: "analyst",
      tag,
      summary: "Say what payments of a case are: what models learn from",
      params,
      body: z.strictObject({
        version,
        verdict: z.enum(verdicts),
        payments: z.array(id).min(1).max(1_000).optional().describe("Default: all of the case"),
      }),
      response: wholeCase,
      handler: async ({ params: { case: number }, body, principal }) => {
        const seen = { number, version: body.version };
        await labelPayments(context(), actorOf(principal), seen, body);
        return whole(principal.tenant, number);
      },
    }),
    defineRoute({
      method: "post",
      path: "/fraud/cases/{case}/notes",
      role: "analyst",
      tag,
      summary: "Add a note",
      status: 201,
      params,
      body: z.strictObject({ text: z.string().min(1).max(10_000) }),
      response: wholeCase,
      handler: async ({ params: { case: number }, body, principal }) => {
        await addNote(context(), actorOf(principal), number, body.text);
        return whole(principal.tenant, number);
      },
    }),
    defineRoute({
      method: "post",
      path: "/fraud/cases/{case}/files",
      role: "analyst",
      tag,
      summary: `Add a file of at most ${maxFileBytes} bytes`,
      status: 201,
      params,
      body: z.strictObject({
        name: z
          .string()
          .min(1)
          .max(200)
          .refine((name) => !/[\p{Cc}/\\]/u.test(name), "expected a file's name without a path"),
        mediaType: z.enum(mediaTypes as [(typeof mediaTypes)[number]]),
        content: z.string().max(1_000_000).describe("base64"),
      }),
      response: wholeCase,
      handler: async ({ params: { case: number }, body, principal }) => {
        await addFile(context(), actorOf(principal), number, body);
        return whole(principal.tenant, number);
      },
    }),
    defineRoute({
      method: "get",
      path: "/fraud/cases/{case}/files/{file}",
      role: "analyst",
      tag,
      summary: "A file of a case, as it was added",
      params: params.extend({ file: z.string().max(64) }),
      response: z.string().describe("The file's bytes"),
      handler: ({ params: { case: number, file }, principal }) =>
        readFile(context(), principal.tenant, { number, id: file }),
    }),
    defineRoute({
      method: "post",
      path: "/fraud/cases/{case}/suggestions",
      role: "analyst",
      tag,
      summary: "Do what the labels of a case suggest: snooze a rule, or put something on a list",
      params,
      body: z.strictObject({ version, suggestion: z.string().min(1).max(600) }),
      response: wholeCase,
      handler: async ({ params: { case: number }, body, principal }) => {
        const seen = { number, version: body.version };
        await takeSuggestion(context(), actorOf(principal), seen, body.suggestion);
        return whole(principal.tenant, number);
      },
    }),
  ];
}

function entityOf(text: string): { readonly kind: EntityKind; readonly value: string } {
  const colon = text.indexOf(":");
  const kind = entityKinds.find((each) => each === text.slice(0, colon));
  if (kind === undefined) throw new EcapError("ECAP_REQUEST_INVALID", "entity: no such kind");
  return { kind, value: text.slice(colon + 1) };
}
