import type { AlertKind, DeploymentHealth, ProcessHealth } from "./health.ts";
import type { AlertLimits } from "./health-options.ts";

/** Something that is not as it should be at this moment. */
export interface Condition {
  readonly kind: AlertKind;
  readonly target: string;
  readonly severity: "warning" | "critical";
  readonly message: string;
  readonly code?: string;
  readonly observed?: number;
  readonly limit?: number;
  /** How long it may be so before it is an alert. */
  readonly forMs: number;
  /** False between the limit that ends an alert and the one that begins it: an open one stays open, and none begins. */
  readonly raises: boolean;
}

export interface Observed extends Pick<DeploymentHealth, "at" | "processes" | "consumers"> {
  /** Dead letters a minute, by topic. */
  readonly deadLetterRates: ReadonlyMap<string, number>;
}

/** Share of a limit below which an alert about it ends. */
const lowerShare = 0.5;

/** What is worth an alert, if it stays so. */
export function conditionsOf(observed: Observed, limits: AlertLimits): readonly Condition[] {
  return [
    ...observed.consumers.flatMap((consumer) => consumerConditions(consumer, observed.at, limits)),
    ...[...observed.deadLetterRates].flatMap(([topic, perMinute]) =>
      above(perMinute, limits.deadLettersPerMinute, {
        kind: "dead-letters",
        target: topic,
        severity: "warning",
        message: `${Math.round(perMinute)} events of ${topic} a minute go to the dead letters`,
        forMs: 0,
      }),
    ),
    ...observed.processes.flatMap((process) =>
      process.state === "alive"
        ? processConditions(process, observed.at, limits)
        : [silent(process, observed.at)],
    ),
  ];
}

function consumerConditions(
  consumer: DeploymentHealth["consumers"][number],
  now: number,
  limits: AlertLimits,
): readonly Condition[] {
  const { name, lag, state, failing, removed, partitions } = consumer;
  const found: Condition[] = [
    ...above(lag, limits.lagRecords, {
      kind: "consumer-lag",
      target: name,
      severity: "warning",
      message: `${name} is ${lag} records behind${state === "absent" ? ", and no process runs it" : ""}`,
      forMs: limits.lagForMs,
    }),
  ];
  const shared = { target: name, severity: "critical", raises: true } as const;
  if (failing !== undefined)
    found.push({
      ...shared,
      kind: "consumer-failing",
      code: failing.code,
      message: `${name} fails with ${failing.code}`,
      forMs: limits.failingForMs,
    });
  if (state === "waiting")
    found.push({
      ...shared,
      kind: "consumer-breaker-open",
      message: `${name} waits: the breaker of its plugin is open`,
      forMs: limits.failingForMs,
    });
  const near = partitions.find(
    ({ earliest, next, lag: behind, position = earliest }) =>
      earliest > 0 &&
      behind > 0 &&
      position - earliest < limits.nearRetentionShare * (next - earliest),
  );
  if (near !== undefined)
    found.push({
      ...shared,
      kind: "consumer-near-retention",
      message: `${name} is at the oldest end of ${near.topic}/${near.partition}: retention may remove what it has not read`,
      observed: near.lag,
      forMs: limits.lagForMs,
    });
  if (removed !== undefined && now - removed.at < limits.lostForMs)
    found.push({
      ...shared,
      kind: "consumer-lost-records",
      message: `retention removed up to ${removed.records} records before ${name} read them`,
      observed: removed.records,
      forMs: 0,
    });
  return found;
}

function processConditions(
  { id, host, producers, dependencies }: ProcessHealth,
  now: number,
  limits: AlertLimits,
): readonly Condition[] {
  const found: Condition[] = [];
  for (const { name, failing, oldestAt } of producers) {
    const shared = { target: `${name} of ${host}/${id}`, severity: "critical" } as const;
    if (failing !== undefined)
      found.push({
        ...shared,
        kind: "producer-failing",
        code: failing.code,
        message: `what ${name} appends fails with ${failing.code}`,
        forMs: limits.producerForMs,
        raises: true,
      });
    if (oldestAt !== undefined && now - oldestAt > limits.producerForMs)
      found.push({
        ...shared,
        kind: "producer-stuck",
        message: `an append of ${name} has been under way for ${now - oldestAt} ms`,
        observed: now - oldestAt,
        limit: limits.producerForMs,
        forMs: 0,
        raises: true,
      });
  }
  for (const { name, status, needed, message } of dependencies) {
    if (status === "ok") continue;
    found.push({
      kind: "dependency-failing",
      target: `${name} of ${host}/${id}`,
      severity: needed ? "critical" : "warning",
      message: `${name} does not answer ${host}: ${message ?? "no reason given"}`,
      forMs: limits.dependencyForMs,
      raises: true,
    });
  }
  return found;
}

function silent({ id, host, at, work }: ProcessHealth, now: number): Condition {
  return {
    kind: "process-silent",
    target: `${host}/${id}`,
    severity: "warning",
    message: `a process on ${host} (${work.join(", ") || "api"}) was last heard of ${now - at} ms ago`,
    observed: now - at,
    forMs: 0,
    raises: true,
  };
}

function above(
  observed: number,
  limit: number,
  rest: Omit<Condition, "observed" | "limit" | "raises">,
): readonly Condition[] {
  if (observed <= limit * lowerShare) return [];
  return [{ ...rest, observed, limit, raises: observed > limit }];
}
