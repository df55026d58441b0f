import { type DataSubject, definePlugin, EcapError, type QueryEngine } from "@ecap/sdk";
import { commerceEvents, commerceTables } from "@ecap/sdk/commerce";
import { z } from "zod";
import type { CustomerService } from "./contract.ts";
import { sessionSummariesTable } from "./sessions/session-table.ts";
import { sessionEnded, sessionsTopology } from "./sessions/sessions-topology.ts";

const readTables = ["order_lines", "refund_lines"];
const readEvents = ["order.completed", "order.refunded", "order.cancelled", "refund.created"];

/** The service with what the kernel needs beside the contract. */
export interface CustomerRuntime extends CustomerService {
  readonly engine: () => QueryEngine;
}

/** Who the customers are: RFM scores with segments, and retention by cohort. */
export const customer = definePlugin({
  name: "customer",
  version: "0.1.0",
  sdk: "0.x",
  options: z.strictObject({}).optional(),
  events: {
    consumes: commerceEvents.filter(({ type }) => readEvents.includes(type)),
    produces: [sessionEnded],
  },
  tables: [
    ...commerceTables.filter(({ name }) => readTables.includes(name)),
    sessionSummariesTable,
  ],
  topologies: () => [sessionsTopology],
  // Scores are computed from the commerce tables when asked for and not kept.
  personalData: {
    holds: [
      {
        what: sessionSummariesTable.description,
        where: `table ${sessionSummariesTable.name}, topic ${sessionEnded.topic}, state of the topology ${sessionsTopology.name}`,
        fields: ["customer_id", "anonymous_id", "session_id", "device_id", "country"],
        purpose: "analytics of the shop",
        retention: "with the table; open sessions until half an hour after their last event",
      },
    ],
    export: (service: CustomerRuntime, subject) => exportSessions(service, subject),
    // Without a way to delete rows, saying 0 would be untrue.
    erase: () =>
      Promise.reject(
        new EcapError(
          "ECAP_ERASURE_UNSUPPORTED",
          "sessions in the lake cannot be erased one person at a time yet",
        ),
      ),
  },
  setup(ctx): CustomerRuntime {
    const engine = () => ctx.port("queryEngine");
    return {
      engine,
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

async function exportSessions(
  { engine }: CustomerRuntime,
  { tenant, customerId, anonymousId }: DataSubject,
): Promise<unknown> {
  if (customerId === undefined && anonymousId === undefined) return [];
  const { sessionsOf } = await import("./sessions/sessions-of.ts");
  return sessionsOf(engine(), { tenant, customerId, anonymousId });
}
