import type { Job } from "../plugin/job.ts";
import type { PluginContext } from "../plugin/plugin-context.ts";
import type { Clock } from "../ports/clock.ts";
import type { StateStore } from "../ports/state-store.ts";
import { derivedId } from "../streams/derived-id.ts";
import { type AlertBook, openAlerts, turnBook } from "./alert-book.ts";
import { systemAlertRaised, systemAlertResolved } from "./alert-events.ts";
import { conditionsOf } from "./alert-rules.ts";
import type { Alert, DeploymentHealth } from "./health.ts";
import type { HealthSettings } from "./health-options.ts";

/** How many dead letters a topic had, and when. */
type Sample = readonly [at: number, total: number];

interface Stored {
  readonly book: AlertBook;
  readonly letters: Readonly<Record<string, readonly Sample[]>>;
}

export interface AlertWatch {
  /** Alerts that are open. */
  open(): Promise<readonly Alert[]>;
  /** Looks for alerts; the scheduler lets one instance of a deployment do so at a time. */
  readonly job: Job;
}

const key = "health/alerts";
/** A rate is that of the last minute or so. */
const rateMs = 60_000;

export function createAlertWatch(options: {
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly settings: HealthSettings;
  readonly emit: PluginContext["emit"];
  readonly observe: () => Promise<Omit<DeploymentHealth, "status" | "alerts">>;
}): AlertWatch {
  const { stateStore, clock, settings, emit, observe } = options;
  const { limits, tenant, everyMs } = settings;

  async function read(): Promise<{ stored: Stored; version: string | undefined }> {
    const [entry] = await stateStore.get([key]);
    if (entry === undefined) return { stored: { book: {}, letters: {} }, version: undefined };
    const stored = JSON.parse(new TextDecoder().decode(entry.value)) as Stored;
    return { stored, version: entry.version };
  }

  async function tell({
    raised,
    resolved,
  }: Pick<ReturnType<typeof turnBook>, "raised" | "resolved">): Promise<void> {
    const now = clock.now();
    for (const alert of raised)
      await emit({
        id: derivedId(alert.alertId, "raised"),
        type: systemAlertRaised.type,
        tenant,
        time: alert.raisedAt,
        data: { ...alert },
      });
    for (const alert of resolved)
      await emit({
        id: derivedId(alert.alertId, "resolved"),
        type: systemAlertResolved.type,
        tenant,
        data: { ...alert, resolvedAt: now },
      });
  }

  async function look(): Promise<Readonly<Record<string, unknown>>> {
    const { stored, version } = await read();
    const observed = await observe();
    // What is not known is not over; and an alert could not be told.
    if (observed.log === "unreachable") return { skipped: "the log does not answer" };
    const now = observed.at;
    const letters = samplesOf(observed.deadLetters, stored.letters, now);
    const deadLetterRates = ratesOf(letters);
    const conditions = conditionsOf({ ...observed, deadLetterRates }, limits);
    const turn = turnBook(stored.book, conditions, { now, clearAfterMs: limits.clearAfterMs });
    // Told first: who stops in between tells the same again, under the same ids.
    await tell(turn);
    const value = new TextEncoder().encode(JSON.stringify({ book: turn.book, letters }));
    await stateStore.compareAndSet({ key, value }, version);
    return {
      open: openAlerts(turn.book).length,
      raised: turn.raised.length,
      resolved: turn.resolved.length,
    };
  }

  return {
    open: async () => openAlerts((await read()).stored.book),
    job: {
      name: "system-alerts",
      schedule: { everyMs },
      timeoutMs: 60_000,
      retries: 0,
      run: look,
    },
  };
}

/** Adds what there is now to what is kept, and keeps one sample that is at least a minute old. */
function samplesOf(
  counts: DeploymentHealth["deadLetters"],
  before: Stored["letters"],
  now: number,
): Stored["letters"] {
  return Object.fromEntries(
    counts.map(({ topic, total }) => {
      const samples = [...(before[topic] ?? []), [now, total] as const];
      const last = samples.findLastIndex(([at]) => now - at >= rateMs);
      return [topic, samples.slice(Math.max(0, last))];
    }),
  );
}

function ratesOf(letters: Stored["letters"]): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(letters).map(([topic, samples]) => {
      const [first, last] = [samples[0], samples.at(-1)];
      if (first === undefined || last === undefined || last[0] === first[0]) return [topic, 0];
      return [topic, ((last[1] - first[1]) * 60_000) / Math.max(last[0] - first[0], rateMs)];
    }),
  );
}
