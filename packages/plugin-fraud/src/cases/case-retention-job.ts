import type { Job } from "@ecap/sdk";
import type { CaseContext } from "./case-context.ts";

/** Removes, each night, what is kept no longer. */
export function caseRetentionJob(context: CaseContext): Job {
  return {
    name: "fraud-cases-retention",
    schedule: { cron: "17 3 * * *" },
    async run({ signal }) {
      const { forgetCases } = await import("./forget-cases.ts");
      return forgetCases(context, signal);
    },
  };
}
