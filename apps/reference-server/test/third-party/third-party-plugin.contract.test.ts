import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import {
  defineEvent,
  definePlugin,
  encodeEvent,
  formatBootPlan,
  none,
  silentLogger,
} from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { defineRoute } from "@ecap/sdk/http";
import { defineLakeTable } from "@ecap/sdk/lake";
import { lakeDb, lakeFunctions, queryLake } from "@ecap/sdk/sql";
import { topology } from "@ecap/sdk/streams";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type RunningServer, startServer } from "../../src/server/start-server.ts";

/** What somebody else's package would hold: nothing here touches a package of ours. */
const reviewPosted = defineEvent({
  type: "review.posted",
  version: 1,
  topic: "reviews",
  description: "A customer rated a product",
  aliases: ["Review Posted"],
  schema: z.looseObject({ product_id: z.string(), stars: z.number().int().min(1).max(5) }),
  subject: (data) => data.product_id,
});
const reviewPraised = defineEvent({
  type: "review.praised",
  version: 1,
  topic: "reviews",
  description: "A product got five stars",
  schema: z.looseObject({ product_id: z.string() }),
});
const reviewsTable = defineLakeTable({
  name: "reviews",
  description: "Ratings of products",
  columns: [
    { name: "product_id", type: "string", nullable: false },
    { name: "stars", type: "integer" },
    { name: "praise", type: "boolean", nullable: false },
  ],
  from: [{ topic: "reviews", types: [reviewPosted.type, reviewPraised.type] }],
  rows: ({ type, data }) => [
    {
      product_id: String(data["product_id"]),
      stars: typeof data["stars"] === "number" ? data["stars"] : null,
      praise: type === reviewPraised.type,
    },
  ],
});
const lake = lakeDb<{
  reviews: {
    product_id: string;
    stars: number | null;
    praise: boolean;
    event_time: string;
    date: string;
  };
}>();

const reviews = definePlugin({
  name: "reviews",
  version: "3.2.1",
  sdk: "0.x",
  requires: ["eventLog", "queryEngine"],
  events: { produces: [reviewPosted, reviewPraised] },
  topics: { reviews: { partitions: 2 } },
  tables: [reviewsTable],
  personalData: none,
  metrics: [
    {
      name: "reviews.posted",
      version: 1,
      unit: "count",
      description: "Ratings",
      async series(engine, { tenant, from, to, grain }) {
        const fn = lakeFunctions(engine.dialect);
        const query = lake
          .selectFrom("reviews")
          .where("praise", "=", false)
          .where((eb) => fn.inTimes(eb.ref("date"), eb.ref("event_time"), { from, to }))
          .select((eb) => [
            fn.truncDate(grain, eb.ref("event_time")).as("start"),
            eb.fn.countAll<number>().as("value"),
          ])
          .groupBy("start");
        const { rows, asOf, versions } = await queryLake(engine, query, { tenant });
        return { points: rows, asOf, versions };
      },
    },
  ],
  topologies: () => [
    topology("reviews-praise")
      .from({ topics: ["reviews"] })
      .filter((event) => event.type === reviewPosted.type && event.data["stars"] === 5)
      .process(async (events, context) => {
        for (const event of events) {
          const praised = {
            ...event,
            id: `praise/${event.id}`,
            type: reviewPraised.type,
            source: "reviews",
            data: { product_id: event.data["product_id"] },
          };
          context.emit("reviews", encodeEvent(praised));
        }
      }),
  ],
  setup: (ctx) => ({ engine: ctx.ports.queryEngine }),
  http: async () => ({
    routes: (service: { readonly engine: Parameters<typeof queryLake>[0] }) => [
      defineRoute({
        method: "get",
        path: "/reviews/{productId}",
        role: "viewer",
        tag: "reviews",
        summary: "Praise of a product",
        params: z.object({ productId: z.string() }),
        response: z.object({ praise: z.number() }),
        handler: async ({ params, principal }) => {
          const query = lake
            .selectFrom("reviews")
            .where("product_id", "=", params.productId)
            .where("praise", "=", true)
            .select((eb) => eb.fn.countAll<number>().as("praise"));
          const { rows } = await queryLake(service.engine, query, { tenant: principal.tenant });
          return { praise: rows[0]?.praise ?? 0 };
        },
      }),
    ],
  }),
});

describe("a plugin from outside the packages", () => {
  let dir: string;
  let server: RunningServer;
  let key: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-third-party-"));
    const config = {
      adapters: (folder: string) => embedded({ dir: folder }),
      plugins: [commerce(), reviews()],
    };
    server = await startServer(
      { config, dir, host: "127.0.0.1", port: 0, tenant: "default" },
      silentLogger,
    );
    ({ key } = await server.composition.accounts.apiKeys.create({
      name: "t",
      role: "admin",
      tenant: "default",
      createdBy: "t",
    }));
  }, 60_000);
  afterAll(async () => {
    await server.close();
    await rm(dir, { recursive: true, force: true });
  });

  const call = async (path: string, init: RequestInit = {}): Promise<Record<string, unknown>> => {
    const response = await fetch(`${server.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}` },
    });
    return (await response.json()) as Record<string, unknown>;
  };

  it("adds an event, a topic, a table, a topology, a metric and a route", async () => {
    const batch = [5, 5, 2].map((stars, index) => ({
      id: `r${index}`,
      type: "review.posted",
      data: { product_id: "p1", stars },
    }));
    const { receipts } = await call("/v1/events", {
      method: "POST",
      body: JSON.stringify({
        batch: [
          ...batch,
          { id: "bad", type: "review.posted", data: { product_id: "p1", stars: 9 } },
        ],
      }),
    });
    expect(
      (receipts as Array<{ status: string; path?: string }>).map(({ status, path }) => [
        status,
        path,
      ]),
    ).toEqual([
      ["accepted", undefined],
      ["accepted", undefined],
      ["accepted", undefined],
      ["quarantined", "/data/stars"],
    ]);
    const { platform } = server.composition;
    await platform.drain();
    expect(await call("/v1/reviews/p1")).toEqual({ praise: 2 });
    const today = new Date().toISOString().slice(0, 10);
    const series = await call(`/v1/metrics/reviews.posted?from=2026-01-01&to=2100-01-01&grain=day`);
    expect(series).toMatchObject({
      metric: "reviews.posted",
      version: 1,
      points: [{ start: today, value: 3 }],
      tables: { reviews: expect.any(Number) },
    });
    const document = await call("/openapi.json");
    expect(Object.keys(document["paths"] as object)).toContain("/v1/reviews/{productId}");
  });

  it("shows in the boot plan with all it brings", () => {
    const text = formatBootPlan(server.composition.platform.explain());
    const own = text.slice(text.indexOf("  reviews 3.2.1"));
    for (const part of [
      "review.posted/1, review.praised/1",
      "tables        reviews",
      "topologies    reviews-praise (breaker closed)",
      "metrics       reviews.posted",
      "routes        yes",
    ]) {
      expect(own).toContain(part);
    }
  });
});
