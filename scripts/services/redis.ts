import { findProgram } from "./find-program.ts";
import type { ProcessPlan, Service } from "./service.ts";

export const redis: Service = {
  name: "redis",
  async plan({ dir, port }) {
    const chosen = await port("redis", 16_379);
    return {
      processes: [await redisProcess({ name: "redis", dir, port: chosen })],
      env: { ECAP_TEST_REDIS_URL: `redis://127.0.0.1:${chosen}` },
    };
  },
};

/** A server that keeps an append-only file, synced every second, and never refuses writes over a failed snapshot. */
export async function redisProcess(options: {
  readonly name: string;
  readonly dir: string;
  readonly port: number;
  readonly settings?: Readonly<Record<string, string>>;
}): Promise<ProcessPlan> {
  const settings = {
    port: String(options.port),
    bind: "127.0.0.1",
    dir: options.dir,
    daemonize: "no",
    save: "",
    appendonly: "yes",
    appendfsync: "everysec",
    ...options.settings,
  };
  return {
    name: options.name,
    command: await findProgram("redis-server", "redis-server"),
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    dir: options.dir,
    ready: { kind: "redis", port: options.port },
  };
}
