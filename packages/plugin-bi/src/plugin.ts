import { definePlugin, none } from "@ecap/sdk";
import { commerceEvents, commerceTables } from "@ecap/sdk/commerce";
import { z } from "zod";
import type { BiService } from "./contract.ts";
import { liveBoard } from "./live/live-board.ts";
import { liveOrders, liveTopic, liveVisits } from "./live/live-events.ts";
import { liveMetricsTable } from "./live/live-table.ts";
import { liveOrdersTopology, liveVisitsTopology } from "./live/live-topologies.ts";
import { biMetrics } from "./metrics.ts";

const readTables = ["orders", "order_lines", "refunds", "refund_lines", "adjustments"];
const readEvents = [
  "order.completed",
  "order.refunded",
  "order.cancelled",
  "refund.created",
  "adjustment.posted",
];

/** The query builder is loaded by the first question, not by everybody who imports the plugin. */
const queries = () => import("./revenue/revenue.ts");

/** Revenue, orders and products, each number with what it was read from. */
export const bi = definePlugin({
  name: "bi",
  version: "0.1.0",
  sdk: "0.x",
  options: z.strictObject({}).optional(),
  events: {
    consumes: commerceEvents.filter(({ type }) => readEvents.includes(type)),
    produces: [liveOrders, liveVisits],
  },
  topics: { [liveTopic]: { partitions: 4, retentionMs: 7 * 86_400_000 } },
  tables: [...commerceTables.filter(({ name }) => readTables.includes(name)), liveMetricsTable],
  topologies: () => [liveOrdersTopology, liveVisitsTopology],
  live: liveBoard,
  metrics: biMetrics,
  // It reads the commerce tables; what it keeps of its own counts and sums, and names nobody.
  personalData: none,
  setup(ctx): BiService {
    const engine = () => ctx.port("queryEngine");
    return {
      revenue: async (request) => (await queries()).revenueSeries(engine(), request),
      breakdown: async (request) => (await queries()).revenueBreakdown(engine(), request),
      async topProducts({ limit = 10, ...request }) {
        const answer = await (await queries()).revenueBreakdown(engine(), {
          ...request,
          by: "product",
          productsOnly: true,
        });
        return { ...answer, rows: answer.rows.slice(0, limit) };
      },
    };
  },
  http: () => import("./http.ts"),
});
