import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isAlive, start, stop, untilReady } from "./processes.ts";
import { services } from "./registry.ts";
import type { PlanContext, Service } from "./service.ts";
import { cacheDir, type ServiceHome, type StartedService, type State } from "./service-home.ts";

export interface UpOptions {
  /** Names of services; none means all. */
  readonly names: readonly string[];
  /** Kafka brokers; undefined leaves what runs, else 1. */
  readonly brokers?: number | undefined;
  readonly say: (line: string) => void;
}

export interface UpResult {
  readonly state: State;
  /** Why a service did not start, by its name. */
  readonly failed: ReadonlyMap<string, string>;
}

/** Starts what is not running yet. One service that cannot start does not keep the others from it. */
export function up(home: ServiceHome, { names, brokers, say }: UpOptions): Promise<UpResult> {
  return home.withLock(async () => {
    const before = await home.read();
    const failed = new Map<string, string>();
    const started = await Promise.all(
      wanted(names).map(async (service) => {
        try {
          return [
            service.name,
            await upOne(home, service, { before: before[service.name], brokers, say }),
          ];
        } catch (error) {
          failed.set(service.name, error instanceof Error ? error.message : String(error));
          return [service.name, undefined];
        }
      }),
    );
    const merged: Record<string, StartedService | undefined> = {
      ...before,
      ...Object.fromEntries(started),
    };
    const state = Object.fromEntries(
      Object.entries(merged).flatMap(([name, service]) => (service ? [[name, service]] : [])),
    );
    await home.write(state);
    return { state, failed };
  });
}

/** Stops what `up` started. */
export function down(
  home: ServiceHome,
  options: { readonly names: readonly string[]; readonly wipe: boolean },
): Promise<void> {
  return home.withLock(async () => {
    const state = { ...(await home.read()) };
    const chosen = wanted(options.names);
    await Promise.all(chosen.map(({ name }) => stopAll(state[name])));
    for (const { name } of chosen) {
      if (options.wipe) {
        const dirs = state[name]?.processes.map(({ plan }) => plan.dir) ?? [];
        for (const dir of [...dirs, join(home.dir, name)]) {
          await rm(dir, { recursive: true, force: true });
        }
      }
      delete state[name];
    }
    await home.write(state);
  });
}

async function upOne(
  home: ServiceHome,
  service: Service,
  options: {
    readonly before: StartedService | undefined;
    readonly brokers: number | undefined;
    readonly say: UpOptions["say"];
  },
): Promise<StartedService> {
  const running = options.before;
  const brokers = options.brokers ?? running?.processes.length ?? 1;
  const count = service.processCount?.({ brokers });
  const alive = running?.processes.filter((process) => isAlive(process.running)) ?? [];
  if (
    running &&
    alive.length === running.processes.length &&
    alive.length === (count ?? alive.length)
  ) {
    await Promise.all(running.processes.map((each) => untilReady(each.plan, each.running)));
    return running;
  }
  await stopAll(running);
  const dir = join(home.dir, service.name);
  await mkdir(dir, { recursive: true });
  const context: PlanContext = { dir, cacheDir, port: home.port, brokers, say: options.say };
  const plan = await service.plan(context);
  const processes = plan.processes.map((each) => ({ plan: each, running: start(each) }));
  try {
    const ready = await Promise.all(
      processes.map(async (each) => ({
        plan: each.plan,
        running: await untilReady(each.plan, each.running),
      })),
    );
    await plan.afterReady?.();
    return { processes: ready, env: plan.env };
  } catch (error) {
    await stopAll({ processes, env: {} });
    throw error;
  }
}

async function stopAll(service: StartedService | undefined): Promise<void> {
  await Promise.all(service?.processes.map(({ plan, running }) => stop(plan, running)) ?? []);
}

function wanted(names: readonly string[]): readonly Service[] {
  const known = services.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no service ${unknown}; there are ${known.join(", ")}`);
  }
  return names.length === 0 ? services : services.filter(({ name }) => names.includes(name));
}
