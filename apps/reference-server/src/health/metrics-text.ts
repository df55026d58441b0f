import type { Platform } from "@ecap/sdk";
import type { CheckResult } from "./readiness.ts";

/**
 * How a process without the API is doing, for Prometheus.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function metricsText(platform: Platform, checks: readonly CheckResult[]): string {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const background = platform.background;
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
    "",
  ].join("\n");
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

function gauge(name: string, help: string, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return [];
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
    return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines];
}
