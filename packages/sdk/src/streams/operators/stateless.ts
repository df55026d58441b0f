import type { EventEnvelope } from "../../events/envelope.ts";
import { derivedId } from "../derived-id.ts";
import { type Element, type EventElement, isEvent, Output } from "../engine/element.ts";
import type { Batch, Operator } from "../engine/operator.ts";

/** A step that looks at one event at a time. Where its code throws, the event goes to the dead letters. */
function eachEvent(take: (element: EventElement, output: Output, batch: Batch) => void): Operator {
  return {
    process(elements, batch) {
      const output = new Output();
      for (const element of elements) {
        if (!isEvent(element)) {
          output.push(element);
          continue;
        }
        try {
          take(element, output, batch);
        } catch (error) {
          batch.fail(element, error);
          output.drop(element);
        }
      }
      return output.elements;
    },
  };
}

export function filterOperator(keep: (event: EventEnvelope) => boolean): Operator {
  return eachEvent((element, output) => {
    if (keep(element.event)) output.push(element);
    else output.drop(element);
  });
}

export function mapOperator(change: (event: EventEnvelope) => EventEnvelope): Operator {
  return eachEvent((element, output) =>
    output.push(withEvent(element, change(element.event), element.derived)),
  );
}

export function flatMapOperator(
  split: (event: EventEnvelope) => readonly EventEnvelope[],
): Operator {
  return eachEvent((element, output, { place }) => {
    const parts = split(element.event);
    parts.forEach((part, position) => {
      const id = derivedId(place.leg, element.event.id, position);
      output.push(withEvent(element, { ...part, id }, true));
    });
    if (parts.length === 0) output.drop(element);
  });
}

export function keyOperator(keyOf: (event: EventEnvelope) => string | undefined): Operator {
  return eachEvent((element, output) => {
    const key = keyOf(element.event);
    if (key === undefined) return output.drop(element);
    const { event, watermark, reached, record, side, derived } = element;
    output.push({ event, key, watermark, reached, record, side, derived });
  });
}

function withEvent(
  { key, watermark, reached, record, side }: Element,
  event: EventEnvelope,
  derived: boolean,
): Element {
  return { event, key, watermark, reached, record, side, derived };
}
