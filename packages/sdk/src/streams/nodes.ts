import type { EventEnvelope } from "../events/envelope.ts";
import type { NewLogRecord } from "../ports/event-log.ts";
import type { Logger } from "../ports/logger.ts";
import type { Aggregate } from "./aggregates.ts";

/** How events of one tenant and key fall into windows. */
export type WindowShape =
  /** Windows of `sizeMs` that begin at every multiple of `everyMs` since the epoch; tumbling where the two are equal. */
  | { readonly kind: "hopping"; readonly sizeMs: number; readonly everyMs: number }
  /** Events no more than `gapMs` apart. */
  | { readonly kind: "session"; readonly gapMs: number }
  /** For each event a window of its own: the events of (time − sizeMs, time]. */
  | { readonly kind: "sliding"; readonly sizeMs: number };

export interface WindowSettings {
  /** How far behind the watermark an event may come and still be counted: windows stay open this much longer. Default 0. */
  readonly allowedLatenessMs?: number;
  readonly aggregate: Readonly<Record<string, Aggregate>>;
  /** Where events that came too late go; absent: they are counted and dropped. */
  readonly lateTopic?: string;
  /** `close` (default): one result a window, when the watermark passes its end. `update`: also, after each batch, what changed in it;
   * results of one window share `data.windowStart` and `data.key`, a later one replaces the earlier, and the last has `data.final`. */
  readonly emit?: "close" | "update";
  /** With `update`: not more often than this, by the clock. Default 0: after each batch. */
  readonly updateEveryMs?: number;
  /** Open windows a partition at most; past it the ones that end first are closed early. Default 1,000,000. */
  readonly maxOpenWindows?: number;
}

export interface DedupeSettings {
  /** How long after its arrival an id is remembered, by the times of arrival in the log. */
  readonly withinMs: number;
  /** Default: the event's id. Undefined: the event passes. */
  readonly id?: (event: EventEnvelope) => string | undefined;
  /** Ids remembered a partition; past it the oldest are forgotten early. Default 5,000,000, at about 16 bytes each. */
  readonly maxIds?: number;
}

export interface EnrichSettings<Row = unknown> {
  /** A table that some topology writes by `toTable`. */
  readonly table: string;
  /** Undefined: no row. */
  readonly key: (event: EventEnvelope) => string | undefined;
  /** How long a row that was read is used again. Default 1,000. */
  readonly maxAgeMs?: number;
  /** Rows kept for that in the process, at about 200 bytes each. Default 200,000. */
  readonly maxRows?: number;
  /** The row is the newest version as of the event's time; undefined where there is none. */
  readonly merge: (event: EventEnvelope, row: Row | undefined) => EventEnvelope;
}

export interface TableSettings {
  readonly table: string;
  /** Undefined removes the row. */
  readonly value: (event: EventEnvelope) => unknown;
  /** Versions kept of a row, so that events are enriched as of their time. Default 1: the newest whatever the event's time. */
  readonly versions?: number;
}

export interface JoinSettings {
  /** A pair is at most this far apart in event time. */
  readonly withinMs: number;
  /** `inner` (default): pairs. `left`: also left events that found no partner, once none can come. `outer`: those of both sides. */
  readonly type?: "inner" | "left" | "outer";
  /** Makes the pair's event; of an unmatched one the other is undefined. Its id and time are set: the later of the two. */
  readonly merge: (
    left: EventEnvelope | undefined,
    right: EventEnvelope | undefined,
  ) => EventEnvelope;
  readonly allowedLatenessMs?: number;
  readonly lateTopic?: string;
  /** Events held a partition at most; past it the oldest are let go early. Default 500,000. */
  readonly maxHeld?: number;
}

/** What a `process` step sees of the world. What it stages takes effect with the batch, or not at all. */
export interface ProcessContext {
  readonly topology: string;
  readonly topic: string;
  readonly partition: number;
  /** Event time the partition has reached, epoch milliseconds; undefined before the first event. */
  readonly watermark: number | undefined;
  readonly logger: Logger;
  /** Aborted when the step takes too long: whatever it waits for, it should end. */
  readonly signal: AbortSignal;
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

export interface Route {
  readonly when: (event: EventEnvelope) => boolean;
  readonly topic: string;
}

export type JoinSide = "left" | "right";

/** One step of a leg, as data. */
export type TopologyNode =
  | { readonly kind: "filter"; readonly keep: (event: EventEnvelope) => boolean }
  | { readonly kind: "map"; readonly change: (event: EventEnvelope) => EventEnvelope }
  | {
      readonly kind: "flatMap";
      readonly split: (event: EventEnvelope) => readonly EventEnvelope[];
    }
  | { readonly kind: "key"; readonly key: (event: EventEnvelope) => string | undefined }
  | ({ readonly kind: "dedupe" } & DedupeSettings)
  | ({ readonly kind: "enrich" } & EnrichSettings)
  | ({ readonly kind: "window"; readonly shape: WindowShape } & WindowSettings)
  | ({ readonly kind: "join" } & JoinSettings)
  | { readonly kind: "sink"; readonly topic: string }
  | { readonly kind: "route"; readonly routes: readonly Route[] }
  | { readonly kind: "through"; readonly topic: string; readonly side?: JoinSide }
  | ({ readonly kind: "table" } & TableSettings)
  | { readonly kind: "process"; readonly process: ProcessStep };
