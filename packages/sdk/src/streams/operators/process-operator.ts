import { derivedId } from "../derived-id.ts";
import { isEvent } from "../engine/element.ts";
import type { Operator, Place } from "../engine/operator.ts";
import type { ProcessStep } from "../nodes.ts";

/** Hands the batch's events to code of the topology; where it throws, the whole batch is tried again. */
export function processOperator(step: ProcessStep, place: Place): Operator {
  return {
    async process(elements, batch) {
      const events = elements.filter(isEvent).map(({ event }) => event);
      if (events.length === 0) return [];
      const watermark = elements.at(-1)?.watermark ?? -Infinity;
      const { leg, topic, partition } = place;
      await step(events, {
        topology: place.topology,
        topic,
        partition,
        watermark: Number.isFinite(watermark) ? watermark : undefined,
        logger: batch.logger,
        signal: batch.signal,
        get: (keys) => batch.get(keys),
        set: (key, value, options) => batch.set(key, value, options),
        emit: (to, record) => batch.emit(to, record),
        derivedId: (parentId, position) => derivedId(leg, parentId, position),
      });
      return [];
    },
  };
}
