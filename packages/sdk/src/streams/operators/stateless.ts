import type { EventEnvelope } from "../../events/envelope.ts";
import { Element, type EventElement, isEvent, Output } from "../engine/element.ts";
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
  return eachEvent((element, output) => {
    element.event = change(element.event);
    output.push(element);
  });
}

export function flatMapOperator(
  split: (event: EventEnvelope) => readonly EventEnvelope[],
): Operator {
  return eachEvent((element, output) => {
    const { event, key, watermark, reached, record, side } = element;
    const parts = split(event);
    for (const [position, part] of parts.entries()) {
      const id = `${event.id}/${position}`;
      output.push(new Element({ ...part, id }, key, watermark, reached, record, side));
    }
    if (parts.length === 0) output.drop(element);
  });
}

export function keyOperator(keyOf: (event: EventEnvelope) => string | undefined): Operator {
  return eachEvent((element, output) => {
    const key = keyOf(element.event);
    if (key === undefined) return output.drop(element);
    element.key = key;
    output.push(element);
  });
}
