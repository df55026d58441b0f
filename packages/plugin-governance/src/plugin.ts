import { definePlugin, type Job, none } from "@ecap/sdk";
import type { Topology } from "@ecap/sdk/streams";
import { z } from "zod";
import { auditRecorded, auditTable } from "./audit-events.ts";
import { buildCatalogue, searchAssets } from "./build-catalogue.ts";
import type { GovernanceService } from "./contract.ts";
import { qualityBoard } from "./quality/quality-board.ts";
import {
  alertRaised,
  alertResolved,
  qualityMeasured,
  qualityProfiled,
  qualityTopic,
  qualityTopicSpec,
} from "./quality/quality-events.ts";
import { qualityOptions } from "./quality/quality-options.ts";
import {
  qualityAlertsTable,
  qualityProfilesTable,
  qualityResultsTable,
} from "./quality/quality-tables.ts";
import { qualityClockJob, qualityTopologies, watchedRules } from "./quality/quality-topologies.ts";

/** The query builder is loaded by the first question, not by everybody who imports the plugin. */
const readers = () => import("./quality/read-quality.ts");

/** The service with what the kernel needs beside the contract. */
export interface GovernanceRuntime extends GovernanceService {
  readonly topologies: () => readonly Topology[];
  readonly jobs: () => readonly Job[];
}

/** What there is, who did what, what is kept about people, and whether the data can be relied on. */
export const governance = definePlugin({
  name: "governance",
  version: "0.1.0",
  sdk: "0.x",
  requires: ["eventLog"],
  options: z
    .strictObject({
      /** False: rules, profiles and series are not watched. */
      quality: z.union([z.literal(false), qualityOptions]).prefault({}),
    })
    .prefault({}),
  events: {
    produces: [auditRecorded, qualityMeasured, qualityProfiled, alertRaised, alertResolved],
  },
  topics: { audit: { partitions: 1 }, [qualityTopic]: qualityTopicSpec },
  tables: [auditTable, qualityResultsTable, qualityProfilesTable, qualityAlertsTable],
  topologies: (service: GovernanceRuntime) => service.topologies(),
  jobs: (service: GovernanceRuntime) => service.jobs(),
  live: qualityBoard,
  // The audit log names users of the platform, whose deeds must stay known; results on quality count, and name events by their ids.
  // Of the shop's customers nothing is held.
  personalData: none,
  setup(ctx, { quality }): GovernanceRuntime {
    let topologies: readonly Topology[] | undefined;
    const own = (): readonly Topology[] => {
      topologies ??= quality === false ? [] : qualityTopologies(ctx, quality);
      return topologies;
    };
    return {
      topologies: own,
      jobs: () => (own().length === 0 ? [] : [qualityClockJob(ctx)]),
      catalogue: (search) => searchAssets(buildCatalogue(ctx.inspect()), search),
      async audit({ tenant, ...entry }) {
        await ctx.emit({ type: auditRecorded.type, tenant, data: { ...entry } });
      },
      auditLog: async (query) =>
        (await import("./audit-log.ts")).readAuditLog(ctx.port("queryEngine"), query),
      personalDataReport: () => ({ plugins: ctx.inspect().personalData }),
      async quality(request) {
        const rules = quality === false ? [] : watchedRules(ctx.inspect(), quality);
        return (await readers()).readStatus(ctx, rules, request);
      },
      qualityProfiles: async (request) => (await readers()).readTopicProfiles(ctx, request),
      qualityAlerts: async (request) => (await readers()).readAlertStates(ctx, request),
    };
  },
  http: () => import("./http.ts"),
});
