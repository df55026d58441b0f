import { EcapError } from "../errors/ecap-error.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import type { NewLogRecord } from "../ports/event-log.ts";
import type { Logger } from "../ports/logger.ts";

/** An aggregate whose parts can be merged: `field` reads the number, and an event it gives undefined for takes no part. */
export type WindowAggregate =
  | { readonly kind: "count" }
  | {
      readonly kind: "sum" | "min" | "max";
      readonly field: (event: EventEnvelope) => number | undefined;
    };

export const count: WindowAggregate = { kind: "count" };
export const sum = aggregate("sum");
export const min = aggregate("min");
export const max = aggregate("max");

export interface TumblingWindow {
  readonly sizeMs: number;
  /** How far behind the newest event time of its partition an event may come. Default 0. */
  readonly allowedLatenessMs?: number;
  readonly aggregate: Readonly<Record<string, WindowAggregate>>;
  /** Where events that came too late go; absent: they are counted and dropped. */
  readonly lateTopic?: string;
}

/** What a `process` step sees of the world. What it stages takes effect with the batch, or not at all. */
export interface ProcessContext {
  readonly topology: string;
  readonly topic: string;
  readonly partition: number;
  /** Newest event time of the partition minus the lateness, epoch milliseconds; undefined before the first event. */
  readonly watermark: number | undefined;
  readonly logger: Logger;
  /** Values by key, with what was staged in this batch; undefined where absent. Keys are the topology's own, in this partition. */
  readonly get: (keys: readonly string[]) => Promise<ReadonlyArray<Uint8Array | undefined>>;
  /** Stages a change; `undefined` removes. */
  readonly set: (
    key: string,
    value: Uint8Array | undefined,
    options?: { readonly expiresAt?: number },
  ) => void;
  /** Stages a record. */
  readonly emit: (topic: string, record: NewLogRecord) => void;
  /** The id for the nth thing made from a parent: the same in every replay. */
  readonly derivedId: (parentId: string, position: number) => string;
}

export type ProcessStep = (
  events: readonly EventEnvelope[],
  context: ProcessContext,
) => Promise<void>;

export type TopologyNode =
  | { readonly kind: "source"; readonly topics: readonly string[] }
  | { readonly kind: "filter"; readonly keep: (event: EventEnvelope) => boolean }
  | { readonly kind: "map"; readonly change: (event: EventEnvelope) => EventEnvelope }
  | { readonly kind: "key"; readonly key: (event: EventEnvelope) => string | undefined }
  | ({ readonly kind: "tumblingWindow" } & TumblingWindow)
  | { readonly kind: "sink"; readonly topic: string }
  | { readonly kind: "process"; readonly process: ProcessStep };

/** What is done to the events of some topics, as data: an engine runs it. */
export interface Topology {
  readonly name: string;
  readonly nodes: readonly TopologyNode[];
}

/**
 * A topology under construction; each step gives a new one.
 *
 * A window belongs to one tenant, key and partition of the input. Where the key is not what the topic is partitioned by, each result is its
 * partition's share, and the shares of a window merge.
 */
export interface TopologyBuilder extends Topology {
  filter(keep: (event: EventEnvelope) => boolean): TopologyBuilder;
  map(change: (event: EventEnvelope) => EventEnvelope): TopologyBuilder;
  /** Events without a key are left out. */
  keyBy(key: (event: EventEnvelope) => string | undefined): TopologyBuilder;
  /** Ends in one event per window and key, of type `<topology>.window`, when the watermark passes the window's end. */
  tumblingWindow(window: TumblingWindow): TopologyBuilder;
  to(sink: { readonly topic: string }): Topology;
  /** Anything else. Runs in Node only: a topology with it is not portable to other engines. */
  process(step: ProcessStep): Topology;
}

/** Starts a topology; its name is part of its state's keys and of derived ids, so it stays as it is. */
export function topology(name: string): {
  from(source: { readonly topics: readonly string[] }): TopologyBuilder;
} {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) throw invalid(name, "a name of a-z, 0-9, . _ -");
  return {
    from({ topics }) {
      if (topics.length === 0) throw invalid(name, "at least one topic");
      return builder(name, [{ kind: "source", topics: [...topics] }]);
    },
  };
}

function builder(name: string, nodes: readonly TopologyNode[]): TopologyBuilder {
  const then = (node: TopologyNode): readonly TopologyNode[] => [...nodes, node];
  return {
    name,
    nodes,
    filter: (keep) => builder(name, then({ kind: "filter", keep })),
    map: (change) => builder(name, then({ kind: "map", change })),
    keyBy: (key) => builder(name, then({ kind: "key", key })),
    tumblingWindow(window) {
      if (!(window.sizeMs > 0)) throw invalid(name, "a window of a positive size");
      if (nodes.some((node) => node.kind === "tumblingWindow")) {
        throw invalid(
          name,
          "one window; send its results to a topic and start another topology there",
        );
      }
      return builder(name, then({ kind: "tumblingWindow", ...window }));
    },
    to: ({ topic }) => ({ name, nodes: then({ kind: "sink", topic }) }),
    process: (process) => ({ name, nodes: then({ kind: "process", process }) }),
  };
}

function aggregate(kind: "sum" | "min" | "max") {
  return (field: (event: EventEnvelope) => number | undefined): WindowAggregate => ({
    kind,
    field,
  });
}

function invalid(name: string, needs: string): EcapError {
  return new EcapError("ECAP_CONFIG_INVALID", `topology "${name}" needs ${needs}`);
}
