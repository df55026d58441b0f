import { definePlugin, none } from "@ecap/sdk";
import { z } from "zod";
import { auditRecorded, auditTable } from "./audit-events.ts";
import { buildCatalogue, searchAssets } from "./build-catalogue.ts";
import type { GovernanceService } from "./contract.ts";

/** What there is, who did what, and what is kept about people. */
export const governance = definePlugin({
  name: "governance",
  version: "0.1.0",
  sdk: "0.x",
  requires: ["eventLog"],
  options: z.strictObject({}).optional(),
  events: { produces: [auditRecorded] },
  topics: { audit: { partitions: 1 } },
  tables: [auditTable],
  // The audit log names users of the platform, whose deeds must stay known; it holds nothing about the shop's customers.
  personalData: none,
  setup(ctx): GovernanceService {
    return {
      catalogue: (search) => searchAssets(buildCatalogue(ctx.inspect()), search),
      async audit({ tenant, ...entry }) {
        await ctx.emit({ type: auditRecorded.type, tenant, data: { ...entry } });
      },
      auditLog: async (query) =>
        (await import("./audit-log.ts")).readAuditLog(ctx.port("queryEngine"), query),
      personalDataReport: () => ({ plugins: ctx.inspect().personalData }),
    };
  },
  http: () => import("./http.ts"),
});
