import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumerHealth, Platform, ProducerHealth } from "@ecap/sdk";
import type { CheckResult } from "./readiness.ts";

/**
 * How a process is doing, for Prometheus.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export async function metricsText(
  platform: Platform,
  checks: readonly CheckResult[],
): Promise<string> {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const background = platform.background;
  const { consumers, producers } = await platform.health.process();
  const lags = await lagSamples(platform, consumers);
  const partitions = (background?.topologies ?? []).flatMap((topology) => topology.status());
  return [
    ...gauge("process_resident_memory_bytes", "Resident memory.", [[{}, rss]]),
    ...gauge("nodejs_heap_used_bytes", "JavaScript objects.", [[{}, heapUsed]]),
    ...gauge("process_uptime_seconds", "Since the process began.", [[{}, process.uptime()]]),
    ...gauge("process_cpu_seconds", "Processor time so far.", [[{}, (user + system) / 1e6]]),
    ...gauge(
      "ecap_dependency_up",
      "Whether the dependency answered when last asked.",
      checks.map(({ name, status }) => [{ name }, status === "ok" ? 1 : 0]),
    ),
    ...gauge("ecap_lake_sinks", "Topics this process writes to the lake.", [
      [{}, background?.sinks.length ?? 0],
    ]),
    ...gauge(
      "ecap_topology_breaker_open",
      "Whether the topologies of a plugin pause after failures.",
      (background?.topologies ?? []).map(({ name }) => [
        { topology: name },
        background?.breakerOf(name) === "open" ? 1 : 0,
      ]),
    ),
    ...gauge(
      "ecap_topology_offset",
      "Offset of the input that the state of a partition includes everything before.",
      partitions.flatMap(({ leg, topic, partition, offset }) =>
        offset === undefined ? [] : [[{ leg, topic, partition: String(partition) }, offset]],
      ),
    ),
    ...consumerMetrics(consumers),
    ...gauge("ecap_consumer_lag_records", "Offsets a consumer is behind the log.", lags),
    ...producerMetrics(producers),
    ...gauge(
      "ecap_model_answers",
      "How the models that decide answered this process.",
      modelAnswers(platform),
    ),
    "",
  ].join("\n");
}

function modelAnswers({ plugins }: Platform): readonly Sample[] {
  return plugins.flatMap(({ plugin, service }) =>
    (plugin.definition.models?.(service) ?? []).flatMap(({ name, version, answers = {} }) =>
      Object.entries(answers).map(
        ([outcome, count]): Sample => [
          { plugin: plugin.name, model: name, version, outcome },
          count,
        ],
      ),
    ),
  );
}

/** The same samples by consumer, of what each has counted. */
function consumerMetrics(consumers: readonly ConsumerHealth[]): string[] {
  const by = (of: (consumer: ConsumerHealth) => number): readonly Sample[] =>
    consumers.map((consumer) => [{ consumer: consumer.name }, of(consumer)]);
  const states = ["running", "waiting", "failing", "fenced"] as const;
  return [
    ...gauge(
      "ecap_consumer_state",
      "1 for the state a consumer is in.",
      consumers.flatMap(({ name, state }) =>
        states.map((each): Sample => [{ consumer: name, state: each }, each === state ? 1 : 0]),
      ),
    ),
    ...gauge(
      "ecap_consumer_progress_timestamp_seconds",
      "When a consumer last got on.",
      consumers.flatMap(({ name, partitions }): readonly Sample[] =>
        partitions.length === 0
          ? []
          : [
              [
                { consumer: name },
                Math.max(...partitions.map(({ progressAt }) => progressAt)) / 1_000,
              ],
            ],
      ),
    ),
    ...gauge(
      "ecap_consumer_late_events",
      "Events that came after their window had closed.",
      by(({ late }) => late),
    ),
    ...gauge(
      "ecap_consumer_duplicate_events",
      "Events let go as repeats.",
      by(({ duplicates }) => duplicates),
    ),
    ...gauge(
      "ecap_consumer_forced_windows",
      "Windows let go before their time.",
      by(({ forced }) => forced),
    ),
    ...gauge(
      "ecap_consumer_dead_letters",
      "Events put to the dead letters.",
      by(({ deadLetters }) => deadLetters),
    ),
    ...gauge(
      "ecap_consumer_removed_records",
      "Records that retention removed before they were read, at most.",
      by(({ removed }) => removed?.records ?? 0),
    ),
  ];
}

function producerMetrics(producers: readonly ProducerHealth[]): string[] {
  const by = (of: (producer: ProducerHealth) => number): readonly Sample[] =>
    producers.map((producer) => [{ producer: producer.name }, of(producer)]);
  return [
    ...gauge(
      "ecap_producer_records",
      "Records appended.",
      by(({ records }) => records),
    ),
    ...gauge(
      "ecap_producer_in_flight",
      "Appends under way.",
      by(({ inFlight }) => inFlight),
    ),
    ...gauge(
      "ecap_producer_failures",
      "Appends that failed.",
      by(({ failures }) => failures),
    ),
    ...gauge(
      "ecap_producer_failing",
      "1 since an append failed and none has succeeded.",
      by(({ failing }) => (failing === undefined ? 0 : 1)),
    ),
  ];
}

/** How far the consumers of this process are behind, of the partitions it holds; nothing while the log does not say. */
async function lagSamples(
  platform: Platform,
  consumers: readonly ConsumerHealth[],
): Promise<readonly Sample[]> {
  const topics = new Set(
    consumers.flatMap(({ partitions }) => partitions.map(({ topic }) => topic)),
  );
  const bounds = new Map<string, { readonly earliest: number; readonly next: number }>();
  const ask = async (topic: string): Promise<void> => {
    for (const { partition, ...each } of await platform.port("eventLog").offsets(topic))
      bounds.set(`${topic}/${partition}`, each);
  };
  const asked = Promise.all([...topics].map(ask)).catch(() => bounds.clear());
  await Promise.race([asked, sleep(lagTimeoutMs, undefined, { ref: false })]);
  return consumers.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ topic, partition, position }): readonly Sample[] => {
      const known = bounds.get(`${topic}/${partition}`);
      if (known === undefined) return [];
      const { earliest, next } = known;
      const lag = Math.max(0, next - Math.max(position ?? earliest, earliest));
      return [[{ consumer: name, topic, partition: String(partition) }, lag]];
    }),
  );
}

const lagTimeoutMs = 2_000;

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

function gauge(name: string, help: string, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return [];
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
    return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines];
}
