import type { EventEnvelope } from "../../events/envelope.ts";
import { derivedId } from "../derived-id.ts";
import type { Place } from "../engine/operator.ts";

export interface WindowBounds {
  readonly tenant: string;
  readonly key: string;
  /** Epoch milliseconds. */
  readonly start: number;
  /** Epoch milliseconds, the first that does not belong to the window. */
  readonly end: number;
}

/** The event a window ends in. `variant` tells apart results of one window that are not its last. */
export function windowResult(
  place: Place,
  { tenant, key, start, end }: WindowBounds,
  results: Readonly<Record<string, unknown>>,
  { time = end - 1, variant }: { readonly time?: number; readonly variant?: string } = {},
): EventEnvelope {
  const { leg, topology, topic, partition } = place;
  const parts = [
    leg,
    topic,
    partition,
    tenant,
    key,
    start,
    ...(variant === undefined ? [] : [variant]),
  ];
  return {
    id: derivedId(...parts),
    type: `${topology}.window`,
    source: topology,
    tenant,
    // At most the last moment that belongs to the window, so that a window over results finds it inside.
    time,
    receivedAt: time,
    subject: key,
    actor: {},
    context: {},
    data: { key, windowStart: start, windowEnd: end, topic, partition, ...results },
  };
}

/** In the order windows end, then by tenant and key: the same in every replay. */
export function inClosingOrder(a: WindowBounds, b: WindowBounds): number {
  return a.end - b.end || a.start - b.start || compare(a.tenant, b.tenant) || compare(a.key, b.key);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
