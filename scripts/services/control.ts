import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { anyPort } from "./choose-port.ts";
import { down, up } from "./commands.ts";
import { gone, isAlive, signalTree, start, stop, untilReady } from "./processes.ts";
import type { ProcessPlan } from "./service.ts";
import { type ServiceHome, type StartedProcess, type State, serviceHome } from "./service-home.ts";

/** Faults for tests. A name is that of a service (`kafka`: all its brokers) or of one process (`kafka-2`). */
export interface ServiceControl {
  /** SIGKILL, to the process and all it started; resolves when they are gone. */
  kill(name: string): Promise<void>;
  /** Starts it again on the same data and port, asking it to stop first where it runs; resolves when it answers. */
  restart(name: string): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Names of processes, and whether each is there. */
  processes(): Promise<ReadonlyMap<string, boolean>>;
}

/** Controls the services `npm run services -- up` started, or those of another home. Tests that run beside others control {@link ownServices} instead. */
export function serviceControl(home: ServiceHome = serviceHome()): ServiceControl {
  const signal = async (name: string, kind: NodeJS.Signals) => {
    const chosen = choose(await home.read(), name);
    for (const { running } of chosen) signalTree(running, kind);
    return chosen;
  };
  return {
    async kill(name) {
      const killed = await signal(name, "SIGKILL");
      await Promise.all(killed.map(({ running }) => gone(running, 10_000)));
    },
    restart: (name) =>
      home.withLock(async () => {
        const state = await home.read();
        const chosen = choose(state, name);
        await Promise.all(chosen.map(({ plan, running }) => stop(plan, running)));
        const isWhole = Object.hasOwn(state, name);
        const again = chosen.map(({ plan }) => ({ plan, running: start(plan) }));
        const ready = await Promise.all(
          again.map(async ({ plan, running }) => {
            const settled = await untilReady(isWhole ? plan : alone(plan), running);
            return [plan.name, { plan, running: settled }] as const;
          }),
        );
        await home.write(replace(state, new Map(ready)));
      }),
    async pause(name) {
      await signal(name, "SIGSTOP");
    },
    async resume(name) {
      await signal(name, "SIGCONT");
    },
    async processes() {
      const all = Object.values(await home.read()).flatMap(({ processes }) => processes);
      return new Map(all.map(({ plan, running }) => [plan.name, isAlive(running)]));
    },
  };
}

export interface OwnServices {
  /** ECAP_TEST_… variables of these services. */
  readonly env: Readonly<Record<string, string>>;
  readonly control: ServiceControl;
  /** Stops them and removes their data. */
  close(): Promise<void>;
}

/** Services for one test alone, on ports and in a folder of their own, so that its faults meet nobody else. */
export async function ownServices(
  names: readonly string[],
  options: { readonly brokers?: number } = {},
): Promise<OwnServices> {
  const home = serviceHome(await mkdtemp(join(tmpdir(), "ecap-services-")), anyPort);
  const close = async () => {
    await down(home, { names: [], wipe: true });
    await rm(home.dir, { recursive: true, force: true });
  };
  const { state, failed } = await up(home, { names, ...options, say: () => {} });
  if (failed.size > 0) {
    await close();
    throw new Error([...failed].map(([name, reason]) => `${name}: ${reason}`).join("\n"));
  }
  const env = Object.assign({}, ...Object.values(state).map((service) => service.env));
  return { env, control: serviceControl(home), close };
}

function choose(state: State, name: string): readonly StartedProcess[] {
  const all = Object.values(state).flatMap(({ processes }) => processes);
  const chosen = state[name]?.processes ?? all.filter(({ plan }) => plan.name === name);
  if (chosen.length > 0) return chosen;
  const known = [...Object.keys(state), ...all.map(({ plan }) => plan.name)];
  throw new Error(`${name} was not started; there are ${known.join(", ") || "none"}`);
}

/** One broker is ready though the others may be down. */
function alone(plan: ProcessPlan): ProcessPlan {
  return plan.ready.kind === "kafka" ? { ...plan, ready: { ...plan.ready, brokers: 1 } } : plan;
}

function replace(state: State, changed: ReadonlyMap<string, StartedProcess>): State {
  const services = Object.entries(state).map(([name, service]) => {
    const processes = service.processes.map((each) => {
      const other = changed.get(each.plan.name);
      return other ? { plan: each.plan, running: other.running } : each;
    });
    return [name, { ...service, processes }] as const;
  });
  return Object.fromEntries(services);
}
