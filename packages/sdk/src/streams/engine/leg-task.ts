import type { EventEnvelope } from "../../events/envelope.ts";
import { encodeEvent } from "../../events/record-codec.ts";
import { isFor } from "../../events/redriven.ts";
import { type Commit, claimPrefix, topologyGroup } from "../../ports/committer.ts";
import type { LogRecord, NewLogRecord } from "../../ports/event-log.ts";
import type { Logger } from "../../ports/logger.ts";
import type { StateChange, StateStore } from "../../ports/state-store.ts";
import { type Buried, deadLetter, passes, type Reason, reasonOf } from "../dead-letters.ts";
import type { EnrichSettings } from "../nodes.ts";
import { operatorOf } from "../operators/index.ts";
import type { TableReader } from "../table-reader.ts";
import { decodeThrough } from "../through-record.ts";
import type { Leg } from "../topology.ts";
import { Element, type EventElement, tick } from "./element.ts";
import type { Batch, Counters, Operator, Place } from "./operator.ts";
import { progressKey, SourceProgress } from "./source-progress.ts";

/** What a batch is to change, all of it or nothing. */
export interface BatchPlan {
  readonly emits: Commit["emits"];
  readonly stateChanges: readonly StateChange[];
  /** Events that went to the dead letters because the topology's code could not take them. */
  readonly failures: number;
  /** To be called once it is committed; where it was not, the task is loaded anew. */
  keep(): void;
}

export interface LegTaskOptions {
  readonly leg: Leg;
  readonly place: Place;
  /** Where the topic is an intermediate one: the partitions that write to it. */
  readonly upstream: readonly string[] | undefined;
  readonly stateStore: Pick<StateStore, "get" | "scan">;
  readonly tableOf: (settings: EnrichSettings) => TableReader;
  readonly partitionsOf: (topic: string) => number;
  readonly logger: Logger;
  readonly decode: (record: LogRecord) => EventEnvelope | undefined;
}

/** A leg at work on one partition: its steps with their state in memory. */
export interface LegTask {
  /** Event time reached, epoch milliseconds; −Infinity before the first event. */
  readonly watermark: number;
  /** Event time of what came last: on an intermediate topic that of the upstream partition that is farthest. */
  readonly reached: number;
  readonly counters: Counters;
  /** Open windows and held events. */
  readonly size: number;
  /** Takes records through the steps and collects the effects; nothing outside is changed. Where it throws, the state is as before. */
  plan(
    records: readonly LogRecord[],
    options: { readonly attempts: number; readonly now: number; readonly signal: AbortSignal },
  ): Promise<BatchPlan>;
  /** Puts a record to the dead letters and nothing else. */
  planBurial(
    record: LogRecord,
    reason: Reason,
    options: { readonly attempts: number; readonly now: number },
  ): BatchPlan;
  /** Whether nothing is to be expected from upstream; false on a topic from outside, which nobody knows that of. */
  readonly isSilent: boolean;
  /** The partition is silent: closes what is open, but for what reaches past `limit` (epoch milliseconds), and says so downstream. */
  planIdle(
    limit: number,
    options: { readonly offset: number; readonly now: number; readonly signal: AbortSignal },
  ): Promise<BatchPlan>;
}

/** Makes the task with the state of its last commit. */
export async function loadLegTask(options: LegTaskOptions): Promise<LegTask> {
  const { leg, place, stateStore } = options;
  const prefix = claimPrefix({ ...place, topology: leg.name });
  const progress = new SourceProgress(options.upstream);
  const [saved] = await stateStore.get([`${prefix}${progressKey}`]);
  progress.load(saved);
  const operators = leg.nodes.map((node) => operatorOf(node, options));
  for (const [i, { state }] of operators.entries()) {
    if (state === undefined) continue;
    const own = `${prefix}o${i}/`;
    const entries = [];
    for await (const entry of stateStore.scan(own)) {
      entries.push({ ...entry, key: entry.key.slice(own.length) });
    }
    state.load(entries);
  }
  return createTask(options, { prefix, progress, operators });
}

interface Parts {
  readonly prefix: string;
  readonly progress: SourceProgress;
  readonly operators: readonly Operator[];
}

function createTask(options: LegTaskOptions, { prefix, progress, operators }: Parts): LegTask {
  const { upstream } = options;
  const group = topologyGroup(options.leg.name);
  const tellsOthers = options.leg.nodes.some(({ kind }) => kind === "through");
  const states = operators.flatMap(({ state }, i) => (state === undefined ? [] : [{ state, i }]));

  function undo(): void {
    progress.undo();
    for (const { state } of states) state.undo();
  }

  function elementOf(record: LogRecord): Element | undefined {
    if (upstream === undefined) {
      const event = options.decode(record);
      if (event === undefined) return undefined;
      progress.advance(Math.min(event.time, event.receivedAt));
      const { watermark } = progress;
      return new Element(event, undefined, watermark, watermark, record);
    }
    const through = decodeThrough(record);
    if (through === undefined) return undefined;
    progress.tell(through.from, through.watermark, through.isIdle);
    const { watermark } = progress;
    if (through.element === undefined) return tick(watermark);
    const { event, key, reached, side, derived } = through.element;
    return new Element(event, key, watermark, reached, record, side, derived);
  }

  async function run(
    elementsOf: (batch: BatchEffects) => readonly Element[],
    about: Pick<EffectsOptions, "lastOffset" | "attempts" | "now" | "isIdle" | "signal">,
  ): Promise<BatchEffects> {
    const effects = new BatchEffects({ ...options, ...about, prefix, progress });
    let elements = elementsOf(effects);
    for (const operator of operators) elements = await operator.process(elements, effects);
    return effects;
  }

  function planOf(effects: BatchEffects): BatchPlan {
    return {
      emits: effects.emits,
      failures: effects.failed.length,
      stateChanges: [
        ...effects.staged.values(),
        ...states.flatMap(({ state, i }) =>
          Array.from(state.changes(), (change) => ({
            ...change,
            key: `${prefix}o${i}/${change.key}`,
          })),
        ),
        ...progress.changes().map((change) => ({ ...change, key: `${prefix}${change.key}` })),
      ],
      keep() {
        progress.keep();
        for (const { state } of states) state.keep();
      },
    };
  }

  async function orUndo(plan: () => Promise<BatchPlan>): Promise<BatchPlan> {
    progress.begin();
    try {
      return await plan();
    } catch (error) {
      undo();
      throw error;
    }
  }

  return {
    get watermark() {
      return progress.watermark;
    },
    get reached() {
      return progress.farthest;
    },
    get counters() {
      return progress.counters;
    },
    get size() {
      return states.reduce((sum, { state }) => sum + state.size, 0);
    },
    plan: (records, { attempts, now, signal }) =>
      orUndo(async () => {
        const lastOffset = records.at(-1)?.offset ?? 0;
        const effects = await run(
          (batch) => {
            // How far time was, so that no step depends on what it remembers of another batch: that may have been undone, or made elsewhere.
            const before = progress.watermark;
            const elements: Element[] = Number.isFinite(before) ? [tick(before)] : [];
            for (const record of records) {
              if (!isFor(record, group)) continue;
              const element = elementOf(record);
              if (element === undefined) batch.bury(record, malformed);
              else elements.push(element);
            }
            return elements;
          },
          { lastOffset, attempts, now, signal },
        );
        // One event that cannot be taken is that event's fault. Where most cannot, or waiting would help, it is not.
        const { failed } = effects;
        const isOurs = failed.length * 2 > records.length;
        const worst = failed.find(({ error }) => passes(error)) ?? (isOurs ? failed[0] : undefined);
        if (worst !== undefined) throw worst.error;
        for (const { element, error } of failed) effects.buryElement(element, reasonOf(error));
        return planOf(effects);
      }),
    planBurial(record, reason, { attempts, now }) {
      progress.begin();
      const lastOffset = record.offset;
      const effects = new BatchEffects({ ...options, prefix, progress, lastOffset, attempts, now });
      effects.bury(record, reason);
      return planOf(effects);
    },
    get isSilent() {
      return progress.isSilent;
    },
    planIdle: (limit, { offset, now, signal }) =>
      orUndo(async () => {
        const until = states.reduce(
          (latest, { state }) => Math.max(latest, state.openUntil ?? -Infinity),
          // Legs after this one may hold anything.
          tellsOthers ? Infinity : -Infinity,
        );
        progress.advance(Math.min(limit, until));
        const time = progress.watermark;
        const about = { lastOffset: offset, attempts: 1, now, isIdle: true, signal };
        return planOf(await run(() => [tick(time)], about));
      }),
  };
}

const malformed: Reason = { code: "ECAP_EVENT_MALFORMED", message: "the record is no event" };

interface EffectsOptions extends Pick<LegTaskOptions, "place" | "stateStore" | "logger"> {
  readonly prefix: string;
  readonly progress: SourceProgress;
  readonly lastOffset: number;
  readonly attempts: number;
  readonly now: number;
  readonly isIdle?: boolean;
  /** Absent where no step runs. */
  readonly signal?: AbortSignal;
}

const never = new AbortController().signal;

/** Collects what the steps want to change. */
class BatchEffects implements Batch {
  readonly emits: Array<{ readonly topic: string; readonly record: NewLogRecord }> = [];
  readonly staged = new Map<string, StateChange>();
  readonly failed: Array<{ readonly element: EventElement; readonly error: unknown }> = [];
  readonly #options: EffectsOptions;

  constructor(options: EffectsOptions) {
    this.#options = options;
  }

  get place(): Place {
    return this.#options.place;
  }

  get logger(): Logger {
    return this.#options.logger;
  }

  get now(): number {
    return this.#options.now;
  }

  get isIdle(): boolean {
    return this.#options.isIdle === true;
  }

  get signal(): AbortSignal {
    return this.#options.signal ?? never;
  }

  get lastOffset(): number {
    return this.#options.lastOffset;
  }

  emit(topic: string, record: NewLogRecord): void {
    this.emits.push({ topic, record });
  }

  async get(keys: readonly string[]): Promise<ReadonlyArray<Uint8Array | undefined>> {
    const own = keys.map((key) => this.#own(key));
    const stored = await this.#options.stateStore.get(own);
    return own.map((key, i) =>
      this.staged.has(key) ? this.staged.get(key)?.value : stored[i]?.value,
    );
  }

  set(
    name: string,
    value: Uint8Array | undefined,
    { expiresAt }: { readonly expiresAt?: number } = {},
  ): void {
    const key = this.#own(name);
    this.staged.set(key, { key, value, expiresAt });
  }

  fail(element: EventElement, error: unknown): void {
    this.failed.push({ element, error });
  }

  late({ event }: EventElement, topic: string | undefined): void {
    this.count("late");
    if (topic !== undefined) this.emit(topic, encodeEvent(event));
  }

  count(what: keyof Counters, times = 1): void {
    this.#options.progress.count(what, times);
  }

  bury(record: Buried, reason: Reason): void {
    const { attempts, now } = this.#options;
    const { topology, leg } = this.place;
    const details = { ...reason, topology, leg, attempts, now };
    const letter = deadLetter(record, details);
    this.emit(letter.topic, letter.record);
  }

  /** What the leg made itself has no record, so it is buried as it is. */
  buryElement({ record, event }: EventElement, reason: Reason): void {
    const { topic } = this.place;
    const { tenant } = event;
    // Records of intermediate topics name their tenant inside.
    if (record === undefined)
      this.bury({ headers: { tenant }, ...encodeEvent(event), topic }, reason);
    else this.bury({ ...record, headers: { tenant, ...record.headers } }, reason);
  }

  #own(key: string): string {
    return `${this.#options.prefix}s/${key}`;
  }
}
