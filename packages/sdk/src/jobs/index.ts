export type { JobRun } from "./job-history.ts";
export { createJobScheduler, type JobScheduler, nextDue } from "./job-scheduler.ts";
