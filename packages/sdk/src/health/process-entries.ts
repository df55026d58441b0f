import type { Clock } from "../ports/clock.ts";
import type { StateStore } from "../ports/state-store.ts";
import type { ProcessHealth } from "./health.ts";

/** One group, so that listing the processes of a deployment reads nothing else of the store. */
const prefix = "health/{processes}/";

export interface ProcessEntries {
  publish(health: ProcessHealth): Promise<void>;
  /** Takes the entry away: the process ends because it was asked to. */
  withdraw(id: string): Promise<void>;
  /** What every process said last, those that died among them, in the order of their start. */
  all(): Promise<readonly ProcessHealth[]>;
}

/** What processes say of themselves, where all of them find it; forgotten `forgetAfterMs` after it was said. */
export function processEntries(options: {
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly forgetAfterMs: number;
}): ProcessEntries {
  const { stateStore, clock, forgetAfterMs } = options;
  const versions = new Map<string, string>();

  async function write(id: string, value: Uint8Array | undefined): Promise<void> {
    const key = `${prefix}${id}`;
    const expiresAt = clock.now() + forgetAfterMs;
    const change = { key, value, ...(value !== undefined && { expiresAt }) };
    let version = await stateStore.compareAndSet(change, versions.get(id));
    if (version === undefined) {
      // A store that lost its last writes, or an answer that was lost: nobody else writes this key.
      const [entry] = await stateStore.get([key]);
      version = await stateStore.compareAndSet(change, entry?.version);
    }
    if (version === undefined || value === undefined) versions.delete(id);
    else versions.set(id, version);
  }

  return {
    publish: (health) => write(health.id, new TextEncoder().encode(JSON.stringify(health))),
    withdraw: (id) => write(id, undefined),
    async all() {
      const found: ProcessHealth[] = [];
      for await (const { value } of stateStore.scan(prefix))
        found.push(JSON.parse(new TextDecoder().decode(value)) as ProcessHealth);
      return found.toSorted((a, b) => a.startedAt - b.startedAt);
    },
  };
}
