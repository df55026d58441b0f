import { defineRoute, instant, pageOf, type Route } from "@ecap/sdk/http";
import { z } from "zod";
import type { FraudRuntime } from "../plugin.ts";
import { actorOf } from "./http-rules.ts";
import { entriesPerCall } from "./rule-desk.ts";
import { snoozable } from "./snoozes.ts";
import { listKinds, snoozeList } from "./store/rule-head.ts";

const tag = "fraud";
const value = z.string().min(1).max(256);
const params = z.object({ name: z.string().max(64) });
const done = z.object({ done: z.boolean() });
const entry = z.object({ value: z.string(), from: z.string(), until: z.string().optional() });
const page = z.object({
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
  cursor: z.coerce.number().int().min(0).max(1_024).default(0),
});

/** Lists that rules look up, and snoozes of rules. */
export function listRoutes({ desk }: FraudRuntime): readonly Route[] {
  const entriesOf = async (
    tenant: string,
    list: string,
    { limit, cursor }: z.output<typeof page>,
  ) => {
    const { entries, next } = await desk.entries(tenant, list, { limit, from: cursor });
    return {
      items: entries.map(({ value: each, from, until }) => ({
        value: each,
        from: new Date(from).toISOString(),
        ...(until !== undefined && { until: new Date(until).toISOString() }),
      })),
      ...(next !== undefined && { next: String(next) }),
    };
  };
  return [
    defineRoute({
      method: "get",
      path: "/fraud/lists",
      role: "viewer",
      tag,
      summary: "Lists that rules may name",
      response: z.object({
        items: z.array(
          z.object({
            name: z.string(),
            kind: z.string(),
            description: z.string(),
            entries: z
              .number()
              .describe("With those that expired and were not swept out yet, which takes 90 days"),
          }),
        ),
      }),
      handler: async ({ principal }) => ({ items: [...(await desk.lists(principal.tenant))] }),
    }),
    defineRoute({
      method: "post",
      path: "/fraud/lists",
      role: "analyst",
      tag,
      summary: "Make a list",
      status: 201,
      body: z.strictObject({
        name: z.string().max(64),
        kind: z.enum(listKinds).default("custom"),
        description: z.string().max(500).default(""),
      }),
      response: done,
      handler: async ({ body, principal }) => {
        await desk.createList(actorOf(principal), body);
        return { done: true };
      },
    }),
    defineRoute({
      method: "get",
      path: "/fraud/lists/{name}/entries",
      role: "analyst",
      tag,
      summary:
        "Entries of a list, in no order that means anything; a page may be a little longer than asked",
      params,
      query: page,
      response: pageOf(entry),
      handler: ({ params: { name }, query, principal }) => entriesOf(principal.tenant, name, query),
    }),
    defineRoute({
      method: "post",
      path: "/fraud/lists/{name}/entries",
      role: "analyst",
      tag,
      summary:
        "Add entries, in the place of older ones of the same values; one that counts goes on counting from when it came. A body has at most 1 MiB",
      params,
      body: z.strictObject({
        entries: z
          .array(z.strictObject({ value, until: instant.optional() }))
          .min(1)
          .max(entriesPerCall),
      }),
      response: done,
      handler: async ({ params: { name }, body, principal }) => {
        const entries = body.entries.map(({ value: each, until }) => ({
          value: each,
          ...(until !== undefined && { until }),
        }));
        await desk.addToList(actorOf(principal), name, entries);
        return { done: true };
      },
    }),
    defineRoute({
      method: "post",
      path: "/fraud/lists/{name}/removals",
      role: "analyst",
      tag,
      summary: "Remove entries by their values. A body has at most 1 MiB",
      params,
      body: z.strictObject({ values: z.array(value).min(1).max(entriesPerCall) }),
      response: done,
      handler: async ({ params: { name }, body, principal }) => {
        await desk.removeFromList(actorOf(principal), name, body.values);
        return { done: true };
      },
    }),
    defineRoute({
      method: "post",
      path: "/fraud/snoozes",
      role: "analyst",
      tag,
      summary: "Silence a rule for a customer, card, device or address until a time",
      status: 201,
      body: z.strictObject({
        rule: z.string().max(64),
        entity: z.enum(snoozable),
        id: value.max(180),
        until: instant,
      }),
      response: done,
      handler: async ({ body, principal }) => {
        await desk.snooze(actorOf(principal), body);
        return { done: true };
      },
    }),
    defineRoute({
      method: "get",
      path: "/fraud/snoozes",
      role: "analyst",
      tag,
      summary: "Snoozes, as rule/entity/id",
      query: page,
      response: pageOf(entry),
      handler: ({ query, principal }) => entriesOf(principal.tenant, snoozeList, query),
    }),
  ];
}
