import type { EventEnvelope } from "../../events/envelope.ts";
import type { LogRecord } from "../../ports/event-log.ts";
import type { JoinSide } from "../nodes.ts";

/** What flows through the steps of a leg: an event, or only the news that event time has moved on. */
export interface Element {
  readonly event: EventEnvelope | undefined;
  readonly key: string | undefined;
  /** Event time that all inputs have reached with this element: windows up to it can close. Never goes back. */
  readonly watermark: number;
  /** Event time that the source partition this event came from had reached: an event older than this came late. It is never behind
   * `watermark`, and it depends on that partition alone: so what is late does not depend on how partitions interleave. */
  readonly reached: number;
  /** What it came from; undefined for what the leg made itself. */
  readonly record: LogRecord | undefined;
  readonly side: JoinSide | undefined;
  /** Whether the id is this topology's own, so that a sink need not make one. */
  readonly derived: boolean;
}

/** An element with an event. */
export type EventElement = Element & { readonly event: EventEnvelope };

export function isEvent(element: Element): element is EventElement {
  return element.event !== undefined;
}

export function tick(watermark: number): Element {
  const nothing = { event: undefined, key: undefined, record: undefined, side: undefined };
  return { ...nothing, watermark, reached: watermark, derived: false };
}

/** An event this leg made, no older than the watermark it is made at. */
export function madeElement(
  event: EventEnvelope,
  key: string | undefined,
  watermark: number,
): EventElement {
  const origin = { record: undefined, side: undefined, derived: true };
  return { event, key, watermark, reached: watermark, ...origin };
}

/** Collects what a step lets through; where it lets an event go, time still moves on. */
export class Output {
  readonly elements: Element[] = [];
  #watermark = -Infinity;

  push(element: Element): void {
    if (element.event === undefined && element.watermark <= this.#watermark) return;
    this.#watermark = Math.max(this.#watermark, element.watermark);
    this.elements.push(element);
  }

  drop(element: Element): void {
    if (element.watermark > this.#watermark) this.push(tick(element.watermark));
  }
}
