import { deadLetterRecord } from "../collector/dead-letter.ts";
import { isEcapError } from "../errors/ecap-error.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import { encodeEvent } from "../events/record-codec.ts";
import { deadLetterTopic } from "../events/topics.ts";
import { type Commit, claimPrefix } from "../ports/committer.ts";
import type { LogRecord, NewLogRecord } from "../ports/event-log.ts";
import type { Logger } from "../ports/logger.ts";
import type { StateChange, StateStore } from "../ports/state-store.ts";
import { derivedId } from "./derived-id.ts";
import type { ProcessContext, ProcessStep, Topology, TopologyNode } from "./topology.ts";
import {
  type OpenWindow,
  type WindowBatch,
  type WindowProgress,
  watermarkOf,
  windowBatch,
} from "./window-table.ts";

/** What a topology remembers of one partition between batches. */
export interface PartitionMemory {
  readonly windows: Map<string, OpenWindow>;
  progress: WindowProgress;
}

/** What a batch is to change, all of it or nothing. */
export interface BatchPlan {
  readonly emits: Commit["emits"];
  readonly stateChanges: readonly StateChange[];
  /** To be called once it is committed. */
  keep(): void;
}

export interface PlanOptions {
  readonly topology: Topology;
  readonly topic: string;
  readonly partition: number;
  readonly memory: PartitionMemory;
  readonly stateStore: Pick<StateStore, "get">;
  readonly logger: Logger;
  readonly now: number;
  readonly decode: (record: LogRecord) => EventEnvelope | undefined;
}

type Passage = { readonly event: EventEnvelope; readonly key: string | undefined };

/** Runs the records through the nodes and collects the effects; nothing outside is changed. */
export async function planBatch(
  records: readonly LogRecord[],
  options: PlanOptions,
): Promise<BatchPlan> {
  const { topology, topic, partition, memory, now } = options;
  const prefix = prefixOf(options);
  const emits: Array<{ topic: string; record: NewLogRecord }> = [];
  const staged = new Map<string, StateChange>();
  const forSteps = new Map<ProcessStep, EventEnvelope[]>();
  const windowNode = topology.nodes.find((node) => node.kind === "tumblingWindow");
  const windows = windowNode && windowBatch(memory.windows, memory.progress, windowNode);

  for (const record of records) {
    const event = options.decode(record);
    if (event === undefined) {
      const reason = { code: "ECAP_EVENT_MALFORMED", message: "the record is no event" } as const;
      emits.push(deadLetter(record, { ...reason, topology: topology.name, attempts: 1, now }));
    } else pass({ event, key: undefined }, 1);
  }
  for (const [step, events] of forSteps) await step(events, context());

  return {
    emits,
    stateChanges: [
      ...staged.values(),
      ...(windows === undefined ? [] : windowChanges(windows, memory.progress, prefix)),
    ],
    keep() {
      if (windows === undefined) return;
      memory.progress = windows.progress;
      for (const [name, window] of windows.changes) {
        if (window === undefined) memory.windows.delete(name);
        else memory.windows.set(name, window);
      }
    },
  };

  /** Takes one event through the nodes from `at` on. */
  function pass({ event, key }: Passage, at: number): void {
    const node = topology.nodes[at];
    if (node === undefined) return;
    switch (node.kind) {
      case "source":
        return pass({ event, key }, at + 1);
      case "filter":
        return node.keep(event) ? pass({ event, key }, at + 1) : undefined;
      case "map":
        return pass({ event: node.change(event), key }, at + 1);
      case "key": {
        const found = node.key(event);
        return found === undefined ? undefined : pass({ event, key: found }, at + 1);
      }
      case "tumblingWindow":
        return intoWindow(node, { event, key }, at);
      case "sink": {
        // A window's result has an id of its own already.
        const id = windows === undefined ? derivedId(topology.name, event.id, 0) : event.id;
        const encoded = encodeEvent({ ...event, id });
        emits.push({
          topic: node.topic,
          record: key === undefined ? encoded : { ...encoded, key },
        });
        return undefined;
      }
      case "process": {
        const events = forSteps.get(node.process) ?? [];
        forSteps.set(node.process, events);
        events.push(event);
        return undefined;
      }
      default:
        return node satisfies never;
    }
  }

  function intoWindow(
    node: TopologyNode & { kind: "tumblingWindow" },
    { event, key = "" }: Passage,
    at: number,
  ): void {
    const placed = windows?.place(event, key);
    if (placed?.kind === "late" && node.lateTopic !== undefined) {
      emits.push({ topic: node.lateTopic, record: encodeEvent(event) });
    }
    if (placed?.kind !== "taken") return;
    for (const closed of placed.closed) {
      const result = windowResult(closed, node.sizeMs, {
        topology: topology.name,
        topic,
        partition,
      });
      pass({ event: result, key: closed.key }, at + 1);
    }
  }

  function context(): ProcessContext {
    return {
      topology: topology.name,
      topic,
      partition,
      watermark: windowNode && watermarkOf(windows?.progress ?? memory.progress, windowNode),
      logger: options.logger,
      async get(keys) {
        const own = keys.map((key) => `${prefix}s/${key}`);
        const stored = await options.stateStore.get(own);
        return own.map((key, i) => (staged.has(key) ? staged.get(key)?.value : stored[i]?.value));
      },
      set(name, value, { expiresAt } = {}) {
        const key = `${prefix}s/${name}`;
        staged.set(key, { key, value, expiresAt });
      },
      emit: (to, record) => void emits.push({ topic: to, record }),
      derivedId: (parentId, position) => derivedId(topology.name, parentId, position),
    };
  }
}

/** Where a topology keeps its state of a partition. */
export function prefixOf({
  topology,
  topic,
  partition,
}: Pick<PlanOptions, "topology" | "topic" | "partition">): string {
  return claimPrefix({ topology: topology.name, topic, partition });
}

/** The record for the dead-letter topic: the original bytes, with the reason. */
export function deadLetter(
  record: LogRecord,
  details: {
    readonly code: Parameters<typeof deadLetterRecord>[1]["code"];
    readonly message: string;
    readonly topology: string;
    readonly attempts: number;
    readonly now: number;
  },
): { topic: string; record: NewLogRecord } {
  const { topic, headers, value } = record;
  const { topology, ...rest } = details;
  const letter = { ...rest, path: "", topic, headers: { ...headers, topology } };
  return { topic: deadLetterTopic(topic), record: deadLetterRecord(value, letter) };
}

export function reasonOf(error: unknown) {
  const message = error instanceof Error ? error.message : String(error);
  return { code: isEcapError(error) ? error.code : "ECAP_PLUGIN_FAILED", message } as const;
}

const encoder = new TextEncoder();

function windowChanges(
  { changes, progress }: WindowBatch,
  before: WindowProgress,
  prefix: string,
): StateChange[] {
  const changed: StateChange[] = [];
  for (const [name, window] of changes) {
    const value = window && encoder.encode(JSON.stringify(window));
    changed.push({ key: `${prefix}w/${name}`, value });
  }
  if (progress.newest !== before.newest || progress.late !== before.late) {
    const value = encoder.encode(JSON.stringify(progress));
    changed.push({ key: `${prefix}progress`, value });
  }
  return changed;
}

function windowResult(
  { tenant, key, start, totals }: OpenWindow,
  sizeMs: number,
  from: { readonly topology: string; readonly topic: string; readonly partition: number },
): EventEnvelope {
  const { topology, topic, partition } = from;
  const end = start + sizeMs;
  return {
    id: derivedId(topology, topic, partition, tenant, key, start),
    type: `${topology}.window`,
    source: topology,
    tenant,
    // The last moment that belongs to the window, so that a window over results finds it inside.
    time: end - 1,
    receivedAt: end - 1,
    subject: key,
    actor: {},
    context: {},
    data: { key, windowStart: start, windowEnd: end, topic, partition, ...totals },
  };
}
