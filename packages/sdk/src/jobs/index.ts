export type { JobRun } from "./job-history.ts";
export type { JobScheduler } from "./job-scheduler.ts";
