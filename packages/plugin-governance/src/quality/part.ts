import { type EventEnvelope, encodeEvent, type NewLogRecord } from "@ecap/sdk";
import type { SavedReport } from "./report.ts";
import type { SavedProfile } from "./type-profile.ts";

/** The topic that carries parts from where events are looked at to where they are judged: one partition, so that all of a topic meet. */
export const partsTopic = "quality.parts";
export const partsTopicSpec = { partitions: 1, retentionMs: 86_400_000 } as const;

/** What some events of one tenant came to, or only the time. Plain JSON. */
export interface Part {
  /** The clock when they were looked at, epoch milliseconds. */
  readonly at: number;
  readonly reports?: ReadonlyArray<{
    readonly topic: string;
    /** Begin of the minute the events arrived in, epoch milliseconds. */
    readonly minute: number;
    /** Newest arrival. */
    readonly newest: number;
    readonly report: SavedReport;
  }>;
  readonly profiles?: ReadonlyArray<{
    readonly topic: string;
    readonly type: string;
    readonly minute: number;
    readonly profile: SavedProfile;
  }>;
  /** Sums by series and bucket. */
  readonly points?: ReadonlyArray<
    readonly [series: string, metric: string, bucket: number, value: number, over: number]
  >;
}

const type = "quality.part";

export function encodePart(part: Part, about: { id: string; tenant: string }): NewLogRecord {
  const event: EventEnvelope = {
    ...about,
    type,
    source: "quality",
    time: part.at,
    receivedAt: part.at,
    actor: {},
    context: {},
    data: { ...part },
  };
  return { ...encodeEvent(event), key: "" };
}

export function partOf(event: EventEnvelope): Part | undefined {
  if (event.type !== type || typeof event.data["at"] !== "number") return undefined;
  return event.data as unknown as Part;
}
