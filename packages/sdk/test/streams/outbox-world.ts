import type { Scheduler } from "fast-check";
import { EcapError } from "../../src/errors/index.ts";
import type { StateChange, StateEntry, StateStore } from "../../src/ports/index.ts";
import { claimPrefix } from "../../src/ports/index.ts";
import type { Mark, OutboxCommitterOptions } from "../../src/streams/outbox-committer.ts";

/** What happens to one request to the log or the store. `rolls back`: the store loses its last writes first. */
export type Step = "works" | "fails before" | "fails after" | "rolls back";

export interface OutboxWorld {
  /** The log and the store as one process sees them. */
  owner(): Pick<OutboxCommitterOptions, "eventLog" | "stateStore">;
  /** From here on everything works, at once. */
  calm(): void;
  /** What the log holds. */
  emitted(): readonly string[];
  state(key: string): string | undefined;
  counts(): { readonly refused: number; readonly rolledBack: number };
}

interface Owner {
  dead: boolean;
}

type Entries = ReadonlyMap<string, StateEntry>;

const rememberedWrites = 4;

/** A log with transactions and a store that share none, one topic and one partition each, where any request can fail, wait or come late. */
export function outboxWorld(given: {
  readonly scheduler: Scheduler;
  readonly steps: IterableIterator<Step>;
}): OutboxWorld {
  const { scheduler, steps } = given;
  let isCalm = false;
  let entries: Entries = new Map();
  const past: Entries[] = [];
  let versions = 0;
  const emitted: string[] = [];
  let mark: Mark | undefined;
  /** Who may deliver. */
  let logOwner = 0;
  let tokens = 0;
  const counts = { refused: 0, rolledBack: 0 };
  const owners: Owner[] = [];
  /** Who claimed last. */
  let claimer: Owner | undefined;

  /** One request: it waits its turn, and then works or does not. */
  async function request<T>(owner: Owner, name: string, effect: () => T): Promise<T> {
    if (owner.dead) throw new Error(`${name}: fault of a process that ended`);
    const { value: step = "works" }: { readonly value?: Step } = isCalm ? {} : steps.next();
    if (isCalm) return effect();
    await scheduler.schedule(Promise.resolve(), name);
    if (step === "fails before") throw new Error(`${name}: fault`);
    if (step === "rolls back") rollBack();
    const result = effect();
    await scheduler.schedule(Promise.resolve(), `${name} answered`);
    if (step === "fails after") throw new Error(`${name}: fault`);
    return result;
  }

  function rollBack(): void {
    const earlier = past.shift();
    if (earlier === undefined) return;
    entries = earlier;
    past.length = 0;
    counts.rolledBack += 1;
    // An owner before the last one would find its claim in force again: that it goes on after both faults is past the promise.
    for (const owner of owners) owner.dead ||= owner !== claimer;
  }

  function write(changes: readonly StateChange[]): string {
    past.push(entries);
    if (past.length > rememberedWrites) past.shift();
    versions += 1;
    const version = `v${versions}`;
    const next = new Map(entries);
    for (const { key, value } of changes) {
      if (value === undefined) next.delete(key);
      else next.set(key, { key, value, version });
    }
    entries = next;
    return version;
  }

  const storeOf = (owner: Owner): StateStore => ({
    get: (keys) => request(owner, "get", () => keys.map((key) => entries.get(key))),
    compareAndSet: (change, expected) =>
      request(owner, "compareAndSet", () => {
        if (entries.get(change.key)?.version !== expected) return undefined;
        claimer = owner;
        return write([change]);
      }),
    writeGroup: (changes, { key, expected }) =>
      request(owner, "writeGroup", () =>
        entries.get(key)?.version === expected ? write(changes) : undefined,
      ),
    scan: () => {
      throw new TypeError("not asked for");
    },
    contribute: () => {
      throw new TypeError("not asked for");
    },
    flush: async () => {},
  });

  return {
    owner() {
      const owner: Owner = { dead: false };
      owners.push(owner);
      return {
        stateStore: storeOf(owner),
        eventLog: {
          topics: async () => [{ topic: "out", partitions: 1 }],
          async takeOver() {
            let token = await request(owner, "takeOver", () => {
              tokens += 1;
              logOwner = tokens;
              return tokens;
            });
            return {
              delivered: () => request(owner, "delivered", () => mark),
              async deliver(delivery) {
                const mine = token;
                try {
                  await request(owner, "deliver", () => {
                    if (logOwner !== mine) {
                      counts.refused += 1;
                      throw new EcapError("ECAP_FENCED", "another took the log over");
                    }
                    for (const { record } of delivery.emits) emitted.push(text(record.value));
                    ({ mark } = delivery);
                  });
                } catch (error) {
                  // As of a transaction of unknown outcome: only a new take-over helps.
                  token = -1;
                  throw error;
                }
              },
            };
          },
        },
      };
    },
    calm() {
      isCalm = true;
    },
    emitted: () => emitted,
    state(key) {
      const entry = entries.get(`${statePrefix}${key}`);
      return entry === undefined ? undefined : text(entry.value);
    },
    counts: () => counts,
  };
}

export const statePrefix: string = claimPrefix({ topology: "t", topic: "in", partition: 0 });

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
