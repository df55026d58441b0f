import { randomUUID } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { StateStore } from "../ports/state-store.ts";
import { jsonOf, updateJson } from "../state/json-value.ts";
import type { ModelContract } from "./model-contract.ts";
import type { Observe } from "./model-server.ts";
import {
  addCounts,
  counterOf,
  emptyCounts,
  reportOf,
  type WatchCounts,
  type WatchReport,
} from "./model-watch.ts";

export interface ModelMonitor {
  readonly observe: Observe;
  /** How this process was answered since it began, by name and version of the model. */
  answers(model: string): Answers;
  /** How a version did in all processes, by the hours of the period. What a process counted in the last ten seconds may be missing. */
  report(request: WatchRequest): Promise<WatchReport>;
  /** The same of each day of the period on which it was asked something, by its first instant in UTC. */
  days(request: WatchRequest): Promise<ReadonlyArray<WatchReport & { readonly day: number }>>;
  /** Writes down what was counted. */
  flush(): Promise<void>;
  /** Stops writing by itself, and writes a last time. */
  close(): Promise<void>;
}

/** A version, and a period of it. */
export interface WatchRequest {
  readonly tenant: string;
  readonly version: number;
  readonly contract: ModelContract;
  /** Epoch milliseconds, `to` exclusive. */
  readonly from: number;
  readonly to: number;
}

export interface Answers {
  scored: number;
  late: number;
  failed: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** How long counts are kept. */
const keptMs = 35 * dayMs;
const flushMs = 10_000;
/** Versions and hours that are counted at a time; beyond them the oldest are written down and forgotten. */
const maxCounted = 2_000;

interface Counted {
  readonly key: string;
  readonly hour: number;
  readonly counts: WatchCounts;
  readonly count: ReturnType<typeof counterOf>;
  changed: boolean;
}

/** Counts what models say in this process, an hour at a time, and adds up what all processes counted. */
export function createModelMonitor({
  useCase,
  stateStore,
  clock,
  logger,
}: {
  readonly useCase: string;
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
}): ModelMonitor {
  const process = randomUUID();
  const counted = new Map<string, Counted>();
  const answers = new Map<string, Answers>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  // One group, so that a scan reads it alone.
  const prefixOf = (tenant: string, version: number): string =>
    `models/{${tenant}/${useCase}}/watch/${version}/`;

  function countsOf(tenant: string, version: number, contract: ModelContract | undefined): Counted {
    const hour = Math.floor(clock.now() / hourMs);
    const name = `${tenant}/${version}/${hour}`;
    const known = counted.get(name);
    if (known !== undefined) return known;
    const key = `${prefixOf(tenant, version)}${hour}/${process}`;
    const counts = emptyCounts(contract);
    const made = { key, hour, counts, count: counterOf(counts, contract), changed: true };
    counted.set(name, made);
    return made;
  }

  function answersOf(model: string): Answers {
    const known = answers.get(model);
    if (known !== undefined) return known;
    if (answers.size >= maxCounted) answers.clear();
    const made = { scored: 0, late: 0, failed: 0 };
    answers.set(model, made);
    return made;
  }

  async function write(): Promise<void> {
    const now = Math.floor(clock.now() / hourMs);
    for (const [name, each] of counted) {
      if (each.changed) {
        each.changed = false;
        const expiresAt = each.hour * hourMs + keptMs;
        await updateJson(stateStore, each.key, () => each.counts, { expiresAt }).catch(
          (error: unknown) => {
            each.changed = true;
            logger.warn({ error: String(error) }, "what models did could not be written down");
          },
        );
      }
      if ((each.hour < now && !each.changed) || counted.size > maxCounted) counted.delete(name);
    }
  }

  function flush(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }

  /** What all processes wrote down for the hours of a period, and this one just now. */
  async function* hoursOf({ tenant, version, from, to }: WatchRequest) {
    await flush();
    const prefix = prefixOf(tenant, version);
    for await (const { key, value } of stateStore.scan(prefix)) {
      const hour = Number(key.slice(prefix.length).split("/")[0]) * hourMs;
      if (hour + hourMs > from && hour < to) yield { hour, counts: jsonOf(value) as WatchCounts };
    }
  }

  return {
    observe({ tenant, features }, asked) {
      for (const each of asked) {
        const own = countsOf(tenant, each.version, each.contract);
        own.changed = true;
        own.count(each.opinion, features);
        const { model, score, late } = each.opinion;
        answersOf(model)[score !== undefined ? "scored" : late === true ? "late" : "failed"] += 1;
      }
      timer ??= setInterval(() => void flush(), flushMs).unref();
    },
    async report(request) {
      const sum = emptyCounts(request.contract);
      for await (const { counts } of hoursOf(request)) addCounts(sum, counts);
      return reportOf(sum, request.contract);
    },
    async days(request) {
      const days = new Map<number, WatchCounts>();
      for await (const { hour, counts } of hoursOf(request)) {
        const day = Math.floor(hour / dayMs) * dayMs;
        const sum = days.get(day) ?? emptyCounts(request.contract);
        addCounts(sum, counts);
        days.set(day, sum);
      }
      return [...days]
        .toSorted(([a], [b]) => a - b)
        .map(([day, counts]) => ({ day, ...reportOf(counts, request.contract) }));
    },
    answers: (model) => ({ ...answersOf(model) }),
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}
