import type { DeploymentHealth, Platform } from "@ecap/sdk";
import { defineRoute, type Route } from "@ecap/sdk/http";
import { z } from "@hono/zod-openapi";

const time = z.string().describe("ISO 8601");
const failing = z
  .object({ code: z.string(), since: time, attempts: z.number().int().optional() })
  .optional();
const removed = z.object({ records: z.number().int(), at: time }).optional();
const counts = {
  late: z.number().int(),
  duplicates: z.number().int(),
  forced: z.number().int(),
  deadLetters: z.number().int(),
};

const response = z.object({
  at: time,
  status: z.enum(["ok", "degraded"]),
  log: z.enum(["ok", "unreachable"]).describe("Unreachable: lags and dead letters are not known"),
  alerts: z.array(
    z.object({
      alertId: z.string(),
      kind: z.string(),
      target: z.string(),
      severity: z.enum(["warning", "critical"]),
      message: z.string(),
      code: z.string().optional(),
      observed: z.number().optional(),
      limit: z.number().optional(),
      since: time,
      raisedAt: time,
    }),
  ),
  processes: z.array(
    z.object({
      id: z.string(),
      host: z.string(),
      pid: z.number().int(),
      state: z.enum(["alive", "silent"]),
      startedAt: time,
      lastHeard: time,
      work: z.array(z.string()),
      producers: z.array(
        z.object({
          name: z.string(),
          inFlight: z.number().int(),
          records: z.number().int(),
          failures: z.number().int(),
          oldestAt: time.optional(),
          lastSuccessAt: time.optional(),
          failing,
        }),
      ),
      dependencies: z.array(
        z.object({
          name: z.string(),
          status: z.enum(["ok", "failed"]),
          needed: z.boolean(),
          since: time,
          message: z.string().optional(),
        }),
      ),
    }),
  ),
  consumers: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(["topology", "sink"]),
      state: z.enum(["running", "waiting", "failing", "fenced", "absent"]),
      lag: z.number().int(),
      progressAt: time.optional(),
      failing,
      removed,
      ...counts,
      partitions: z.array(
        z.object({
          topic: z.string(),
          partition: z.number().int(),
          position: z.number().int().optional(),
          earliest: z.number().int(),
          next: z.number().int(),
          lag: z.number().int(),
          process: z.string().optional(),
        }),
      ),
    }),
  ),
  deadLetters: z.array(
    z.object({ topic: z.string(), total: z.number().int(), held: z.number().int() }),
  ),
});

/** How producers and consumers are, of all processes of the deployment. */
export function healthRoute(platform: Platform): Route {
  return defineRoute({
    method: "get",
    path: "/admin/health",
    role: "admin",
    tag: "administration",
    summary: "How producers and consumers are, in all processes",
    description:
      "Processes as they were when last heard of, those that died among them; consumers with how far they are behind the log, whether or not a process runs them; open alerts.",
    response,
    handler: async () => told(await platform.health.deployment()),
  });
}

const iso = (ms: number): string => new Date(ms).toISOString();

function told(health: DeploymentHealth): z.input<typeof response> {
  return {
    at: iso(health.at),
    status: health.status,
    log: health.log,
    deadLetters: health.deadLetters.map((count) => ({ ...count })),
    alerts: health.alerts.map((alert) => ({
      ...alert,
      since: iso(alert.since),
      raisedAt: iso(alert.raisedAt),
    })),
    processes: health.processes.map(
      ({ at, startedAt, work, producers, dependencies, ...process }) => ({
        id: process.id,
        host: process.host,
        pid: process.pid,
        state: process.state,
        startedAt: iso(startedAt),
        lastHeard: iso(at),
        work: [...work],
        producers: producers.map(({ oldestAt, lastSuccessAt, ...producer }) => ({
          ...producer,
          ...(oldestAt !== undefined && { oldestAt: iso(oldestAt) }),
          ...(lastSuccessAt !== undefined && { lastSuccessAt: iso(lastSuccessAt) }),
          failing: since(producer.failing),
        })),
        dependencies: dependencies.map((each) => ({ ...each, since: iso(each.since) })),
      }),
    ),
    consumers: health.consumers.map((consumer) => ({
      ...consumer,
      progressAt: consumer.progressAt === undefined ? undefined : iso(consumer.progressAt),
      failing: since(consumer.failing),
      removed: consumer.removed && { ...consumer.removed, at: iso(consumer.removed.at) },
      partitions: consumer.partitions.map((each) => ({ ...each })),
    })),
  };
}

function since<T extends { readonly since: number }>(
  trouble: T | undefined,
): (Omit<T, "since"> & { since: string }) | undefined {
  return trouble && { ...trouble, since: iso(trouble.since) };
}
