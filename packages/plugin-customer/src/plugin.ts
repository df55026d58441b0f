import { definePlugin, none } from "@ecap/sdk";
import { commerceEvents, commerceTables } from "@ecap/sdk/commerce";
import { z } from "zod";
import type { CustomerService } from "./contract.ts";

const readTables = ["order_lines", "refund_lines"];
const readEvents = ["order.completed", "order.refunded", "order.cancelled", "refund.created"];

/** Who the customers are: RFM scores with segments, and retention by cohort. */
export const customer = definePlugin({
  name: "customer",
  version: "0.1.0",
  sdk: "0.x",
  options: z.strictObject({}).optional(),
  events: { consumes: commerceEvents.filter(({ type }) => readEvents.includes(type)) },
  tables: commerceTables.filter(({ name }) => readTables.includes(name)),
  // Scores are computed from the commerce tables when asked for; nothing of its own is kept.
  personalData: none,
  setup(ctx): CustomerService {
    const engine = () => ctx.port("queryEngine");
    return {
      // Queries, and with them the query builder, are loaded by the first question.
      rfm: async (request) =>
        (await import("./rfm/rfm.ts")).rfm(engine(), {
          ...request,
          at: request.at ?? ctx.clock.now(),
        }),
      cohorts: async (request) => (await import("./cohorts/cohorts.ts")).cohorts(engine(), request),
    };
  },
  http: () => import("./http.ts"),
});
