import { Cron } from "croner";
import { EcapError } from "../errors/ecap-error.ts";
import { uuidv7 } from "../events/uuid.ts";
import type { Job } from "../plugin/job.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { StateStore } from "../ports/state-store.ts";
import {
  decodeJobState,
  encodeJobState,
  type JobRun,
  type JobState,
  keptRuns,
} from "./job-history.ts";

export interface JobScheduler {
  start(): void;
  /** Aborts what runs and resolves when it has ended. */
  stop(): Promise<void>;
  /** Runs the job now, unless another instance holds its lease: then ECAP_CONFLICT. */
  runNow(name: string): Promise<JobRun>;
  history(name: string): Promise<readonly JobRun[]>;
  readonly jobs: readonly Job[];
}

const defaultTimeoutMs = 600_000;
const defaultRetries = 2;
const retryWaitMs = 1_000;

/** When the job is due next after it last started. */
export function nextDue(job: Job, lastStartedAt: number | undefined, now: number): number {
  if ("everyMs" in job.schedule)
    return lastStartedAt === undefined ? now : lastStartedAt + job.schedule.everyMs;
  const cron = new Cron(job.schedule.cron, { timezone: "UTC", paused: true });
  return cron.nextRun(new Date(lastStartedAt ?? now))?.getTime() ?? Number.POSITIVE_INFINITY;
}

/** Runs jobs on their schedules. A lease in the state store lets one instance of a deployment run each; it outlives the time limit by a minute. */
export function createJobScheduler(options: {
  jobs: readonly Job[];
  stateStore: StateStore;
  clock: Clock;
  logger: Logger;
  tickMs?: number;
}): JobScheduler {
  const { jobs, stateStore, clock, logger, tickMs = 1_000 } = options;
  checkJobs(jobs);
  const owner = uuidv7(clock.now());
  const shutdown = new AbortController();
  const running = new Map<string, Promise<JobRun | undefined>>();
  const firstSeen = clock.now();
  let timer: NodeJS.Timeout | undefined;

  async function read(name: string): Promise<{ state: JobState; version: string | undefined }> {
    const [entry] = await stateStore.get([stateKey(name)]);
    return { state: decodeJobState(entry?.value), version: entry?.version };
  }

  async function takeLease(job: Job): Promise<JobState | undefined> {
    const { state, version } = await read(job.name);
    const now = clock.now();
    if (state.leaseUntil > now) return undefined;
    const leased = {
      ...state,
      owner,
      leaseUntil: leaseEnd(job),
      lastStartedAt: now,
    };
    const taken = await stateStore.compareAndSet(
      { key: stateKey(job.name), value: encodeJobState(leased) },
      version,
    );
    return taken === undefined ? undefined : leased;
  }

  /** Each try has the whole time limit, so each begins with a lease that outlives it; false where another instance has taken the job over. */
  async function renewLease(job: Job): Promise<boolean> {
    const { state, version } = await read(job.name);
    if (state.owner !== owner) return false;
    const value = encodeJobState({ ...state, leaseUntil: leaseEnd(job) });
    return (
      (await stateStore.compareAndSet({ key: stateKey(job.name), value }, version)) !== undefined
    );
  }

  function leaseEnd(job: Job): number {
    return clock.now() + (job.timeoutMs ?? defaultTimeoutMs) + 60_000;
  }

  async function release(job: Job, ended: JobRun): Promise<void> {
    const { state, version } = await read(job.name);
    if (state.owner !== owner) return;
    const next = { ...state, leaseUntil: 0, runs: [ended, ...state.runs].slice(0, keptRuns) };
    await stateStore.compareAndSet(
      { key: stateKey(job.name), value: encodeJobState(next) },
      version,
    );
  }

  async function attempt(job: Job): Promise<Pick<JobRun, "outcome" | "report" | "error">> {
    const signal = AbortSignal.any([
      shutdown.signal,
      AbortSignal.timeout(job.timeoutMs ?? defaultTimeoutMs),
    ]);
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
    );
    try {
      const report = await Promise.race([aborted, (async () => job.run({ signal }))()]);
      return { outcome: "succeeded", ...(report !== undefined && { report }) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { outcome: signal.aborted ? "timed-out" : "failed", error: message };
    }
  }

  async function run(job: Job): Promise<JobRun | undefined> {
    if ((await takeLease(job)) === undefined) return undefined;
    const startedAt = clock.now();
    const tries = 1 + (job.retries ?? defaultRetries);
    let result = await attempt(job);
    let attempts = 1;
    for (; attempts < tries && result.outcome === "failed"; attempts += 1) {
      await pause(retryWaitMs * 2 ** (attempts - 1), shutdown.signal);
      if (shutdown.signal.aborted || !(await renewLease(job))) break;
      result = await attempt(job);
    }
    const ended: JobRun = { startedAt, endedAt: clock.now(), attempts, ...result };
    if (ended.outcome !== "succeeded")
      logger.error({ job: job.name, error: ended.error, attempts }, "job failed");
    await release(job, ended);
    return ended;
  }

  function runOnce(job: Job): Promise<JobRun | undefined> {
    const under = running.get(job.name);
    if (under !== undefined) return under;
    const started = run(job).finally(() => running.delete(job.name));
    running.set(job.name, started);
    return started;
  }

  async function tick(): Promise<void> {
    for (const job of jobs) {
      if (running.has(job.name)) continue;
      const { state } = await read(job.name);
      const base = state.lastStartedAt ?? ("cron" in job.schedule ? firstSeen : undefined);
      if (nextDue(job, base, clock.now()) <= clock.now()) {
        runOnce(job).catch((error: unknown) =>
          logger.error({ job: job.name, error: String(error) }, "job could not be run"),
        );
      }
    }
  }

  function schedule(): void {
    timer = setTimeout(() => {
      tick()
        .catch((error: unknown) =>
          logger.error({ error: String(error) }, "jobs could not be looked up"),
        )
        .finally(() => {
          if (!shutdown.signal.aborted) schedule();
        });
    }, tickMs);
    timer.unref();
  }

  return {
    jobs,
    start: schedule,
    async stop() {
      shutdown.abort(new Error("shutting down"));
      clearTimeout(timer);
      await Promise.allSettled(running.values());
    },
    async runNow(name) {
      const job = jobs.find((candidate) => candidate.name === name);
      if (job === undefined) throw new EcapError("ECAP_NOT_FOUND", `there is no job "${name}"`);
      const ended = await runOnce(job);
      if (ended === undefined)
        throw new EcapError("ECAP_CONFLICT", `job "${name}" is being run by another instance`);
      return ended;
    },
    history: async (name) => (await read(name)).state.runs,
  };
}

/** Says at once what would otherwise fail every tick, and keep the other jobs from being looked at. */
function checkJobs(jobs: readonly Job[]): void {
  const names = new Set<string>();
  for (const { name, schedule } of jobs) {
    if (names.has(name))
      throw new EcapError("ECAP_PLUGIN_INVALID", `there are two jobs named "${name}"`);
    names.add(name);
    if (!isSchedule(schedule))
      throw new EcapError(
        "ECAP_PLUGIN_INVALID",
        `job "${name}": ${JSON.stringify(schedule)} is no schedule; expected everyMs above 0 or a cron expression of five fields`,
      );
  }
}

function isSchedule(schedule: Job["schedule"]): boolean {
  if ("everyMs" in schedule) return schedule.everyMs > 0;
  try {
    return new Cron(schedule.cron, { timezone: "UTC", paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

function stateKey(name: string): string {
  return `jobs/${name}`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
