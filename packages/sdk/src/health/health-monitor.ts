import { hostname } from "node:os";
import { uuidv7 } from "../events/uuid.ts";
import { withTimeLimit } from "../platform/time-limit.ts";
import type { Job } from "../plugin/job.ts";
import type { PluginContext } from "../plugin/plugin-context.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { Ports } from "../ports/index.ts";
import { createAlertWatch } from "./alert-watch.ts";
import { consumerSummaries, deadLetterCounts, type ExpectedConsumer } from "./deployment-health.ts";
import type {
  ConsumerHealth,
  DependencyHealth,
  DeploymentHealth,
  ProcessHealth,
} from "./health.ts";
import type { HealthSettings } from "./health-options.ts";
import { processEntries } from "./process-entries.ts";
import type { ProducerWatch } from "./producer-watch.ts";

/** How producers and consumers are: in this process, and in all processes of the deployment. */
export interface HealthMonitor {
  /** This process at this moment. */
  process(): Promise<ProcessHealth>;
  /** All processes, as each said last; all consumers with their lag; the alerts that are open. Without a state store: this process alone. */
  deployment(): Promise<DeploymentHealth>;
  /** Adds what the process depends on; asked whenever health is. */
  watchDependencies(check: () => Promise<readonly DependencyHealth[]>): void;
  /** The event log, with appends that count for this producer; ECAP_PORT_MISSING where there is none. */
  producer(name: string): EventLog;
}

/** What the kernel does with it beside. */
export interface RunningHealth extends HealthMonitor {
  /** Looks for alerts. */
  readonly jobs: readonly Job[];
  /** Begins to publish. */
  start(work: readonly string[]): void;
  /** Publishes now, as what was to be said before has changed. */
  publish(): void;
  stop(): Promise<void>;
}

export interface HealthMonitorOptions {
  readonly ports: Partial<Ports> & Pick<Ports, "clock" | "logger">;
  readonly settings: HealthSettings;
  readonly producers: ProducerWatch;
  readonly eventLog: () => EventLog;
  readonly topics: readonly string[];
  /** Consumers of the whole composition. */
  readonly expected: () => readonly ExpectedConsumer[];
  /** Those of this process. */
  readonly consumers: () => readonly ConsumerHealth[];
  readonly emit: PluginContext["emit"];
}

/** How long it waits for the log's offsets. */
const logTimeoutMs = 10_000;
/** What is known of a log that does not answer. */
const noLog: Pick<EventLog, "offsets" | "committed"> = {
  offsets: async () => [],
  committed: async () => new Map(),
};

export function createHealthMonitor(options: HealthMonitorOptions): RunningHealth {
  const { ports, settings, producers } = options;
  const { clock, logger, stateStore, eventLog } = ports;
  const { forgetAfterMs, silentAfterMs, everyMs } = settings;
  const startedAt = clock.now();
  const id = uuidv7(startedAt);
  const checks: Array<() => Promise<readonly DependencyHealth[]>> = [];
  const entries = stateStore && processEntries({ stateStore, clock, forgetAfterMs });
  const alerts =
    stateStore && createAlertWatch({ ...options, stateStore, clock, settings, observe });
  let work: readonly string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let publishing: Promise<void> | undefined;

  async function process(): Promise<ProcessHealth> {
    const dependencies = (await Promise.all(checks.map((check) => check()))).flat();
    return {
      id,
      host: hostname(),
      pid: globalThis.process.pid,
      startedAt,
      at: clock.now(),
      work,
      consumers: options.consumers(),
      producers: producers.status(),
      dependencies,
    };
  }

  async function observe(): Promise<Omit<DeploymentHealth, "status" | "alerts">> {
    const own = await process();
    const others = ((await entries?.all()) ?? []).filter((other) => other.id !== id);
    const at = clock.now();
    const processes = [...others, own].map((each) => ({
      ...each,
      state: at - each.at > silentAfterMs ? ("silent" as const) : ("alive" as const),
    }));
    const living = processes.filter(({ state }) => state === "alive");
    const expected = options.expected();
    const topics = [...options.topics, ...expected.flatMap((consumer) => consumer.topics)];
    const ask = async (log: Pick<EventLog, "offsets" | "committed">) => ({
      consumers: await consumerSummaries(expected, living, log),
      deadLetters: await deadLetterCounts(topics, log),
    });
    if (eventLog === undefined) return { at, processes, log: "unreachable", ...(await ask(noLog)) };
    try {
      const asked = await withTimeLimit("asking the log", logTimeoutMs, () => ask(eventLog));
      return { at, processes, log: "ok", ...asked };
    } catch (error) {
      logger.warn({ error: String(error) }, "the log does not say how far consumers are behind");
      return { at, processes, log: "unreachable", ...(await ask(noLog)) };
    }
  }

  async function publish(): Promise<void> {
    try {
      await entries?.publish(await process());
    } catch (error) {
      logger.warn({ error: String(error) }, "the health of this process could not be published");
    }
  }

  function publishNext(): void {
    // One that a store holds up is the only one.
    publishing ??= publish().finally(() => {
      publishing = undefined;
    });
  }

  return {
    process,
    async deployment() {
      const [observed, open] = [await observe(), (await alerts?.open()) ?? []];
      const isWell = open.length === 0 && observed.log === "ok";
      return { ...observed, alerts: open, status: isWell ? "ok" : "degraded" };
    },
    watchDependencies: (check) => void checks.push(check),
    producer: (name) => producers.watched(name, options.eventLog()),
    jobs: alerts === undefined ? [] : [alerts.job],
    start(given) {
      work = given;
      if (entries === undefined) return;
      publishNext();
      timer = setInterval(publishNext, everyMs);
      timer.unref();
    },
    publish: publishNext,
    async stop() {
      if (timer === undefined) return;
      clearInterval(timer);
      await publishing;
      await entries?.withdraw(id).catch((error: unknown) => {
        logger.warn({ error: String(error) }, "this process could not say that it ends");
      });
    },
  };
}
