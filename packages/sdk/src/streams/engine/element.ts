import type { EventEnvelope } from "../../events/envelope.ts";
import type { LogRecord } from "../../ports/event-log.ts";
import type { JoinSide } from "../nodes.ts";

/**
 * What flows through the steps of a leg: an event, or only the news that event time has moved on. It belongs to its batch: a step may change
 * event and key and pass it on.
 */
export class Element {
  event: EventEnvelope | undefined;
  key: string | undefined;
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

  // One way to make them, so that they all have one shape: the engine handles millions.
  constructor(
    event: EventEnvelope | undefined,
    key: string | undefined,
    watermark: number,
    reached: number,
    record?: LogRecord,
    side?: JoinSide,
    derived = false,
  ) {
    this.event = event;
    this.key = key;
    this.watermark = watermark;
    this.reached = reached;
    this.record = record;
    this.side = side;
    this.derived = derived;
  }
}

/** An element with an event. */
export type EventElement = Element & { event: EventEnvelope };

export function isEvent(element: Element): element is EventElement {
  return element.event !== undefined;
}

export function tick(watermark: number): Element {
  return new Element(undefined, undefined, watermark, watermark);
}

/** An event this leg made, no older than the watermark it is made at. */
export function madeElement(
  event: EventEnvelope,
  key: string | undefined,
  watermark: number,
): Element {
  return new Element(event, key, watermark, watermark, undefined, undefined, true);
}

/** Collects what a step lets through; where it lets an event go, time still moves on. */
export class Output {
  readonly elements: Element[] = [];
  #watermark = -Infinity;

  push(element: Element): void {
    if (element.event === undefined && element.watermark <= this.#watermark) return;
    if (element.watermark > this.#watermark) this.#watermark = element.watermark;
    this.elements.push(element);
  }

  drop(element: Element): void {
    if (element.watermark > this.#watermark) this.push(tick(element.watermark));
  }
}
