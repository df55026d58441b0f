import { partitionOf } from "../../events/partition.ts";
import { encodeEvent } from "../../events/record-codec.ts";
import { derivedId } from "../derived-id.ts";
import { type EventElement, isEvent, tick } from "../engine/element.ts";
import type { Batch, Operator, Place } from "../engine/operator.ts";
import type { JoinSide, Route, TableSettings } from "../nodes.ts";
import { encodeThrough, throughHeaders } from "../through-record.ts";
import { tableKey, updatedRow } from "./table-row.ts";

/** A last step: takes every event and lets nothing through. */
function forEach(take: (element: EventElement, batch: Batch) => void): Operator {
  return {
    process(elements, batch) {
      for (const element of elements) {
        if (!isEvent(element)) continue;
        try {
          take(element, batch);
        } catch (error) {
          batch.fail(element, error);
        }
      }
      return [];
    },
  };
}

export function sinkOperator(topic: string, place: Place): Operator {
  return forEach((element, batch) => send(element, topic, place, batch));
}

export function routeOperator(routes: readonly Route[], place: Place): Operator {
  return forEach((element, batch) => {
    const route = routes.find(({ when }) => when(element.event));
    if (route !== undefined) send(element, route.topic, place, batch);
  });
}

function send(
  { event, key, derived }: EventElement,
  topic: string,
  place: Place,
  batch: Batch,
): void {
  const id = derived ? event.id : derivedId(place.leg, event.id, 0);
  const record = encodeEvent({ ...event, id });
  batch.emit(topic, key === undefined ? record : { ...record, key });
}

/** Sends events by their key to a topic of the topology's own, and tells all its partitions how far time is. */
export function throughOperator(
  { topic, side, partitions }: { topic: string; side: JoinSide | undefined; partitions: number },
  place: Place,
): Operator {
  const headers = throughHeaders(place);
  /** What the partitions know of our time. Not stored: telling it again changes nothing. */
  const told = new Map<number, number>();
  const tell = (partition: number, watermark: number): boolean => {
    if (watermark <= (told.get(partition) ?? -Infinity)) return false;
    told.set(partition, watermark);
    return true;
  };
  let toldBefore = new Map<number, number>();
  return {
    process(elements, batch) {
      let watermark = -Infinity;
      for (const element of elements) {
        watermark = Math.max(watermark, element.watermark);
        if (!isEvent(element)) continue;
        const partition = partitionOf(element.key ?? "", partitions);
        tell(partition, element.watermark);
        const target = { headers, partition, timestamp: element.event.time };
        batch.emit(topic, encodeThrough(element, target, { side: side ?? element.side }));
      }
      for (let partition = 0; partition < partitions; partition += 1) {
        if (!tell(partition, watermark) && !batch.isIdle) continue;
        const timestamp = Number.isFinite(watermark) ? Math.max(0, Math.floor(watermark)) : 0;
        const target = { headers, partition, timestamp };
        batch.emit(topic, encodeThrough(tick(watermark), target, { isIdle: batch.isIdle }));
      }
      return [];
    },
    state: {
      load: () => {},
      changes: () => [],
      keep() {
        toldBefore = new Map(told);
      },
      undo() {
        told.clear();
        for (const [partition, watermark] of toldBefore) told.set(partition, watermark);
      },
      size: 0,
    },
  };
}

/** Keeps the newest event of each key as a row, under the partition's own keys, where {@link tableReader} finds it. */
export function tableOperator({ value, versions: keep = 1 }: TableSettings): Operator {
  return {
    async process(elements, batch) {
      const events = elements.filter(isEvent);
      const keys = [...new Set(events.map(({ event, key = "" }) => tableKey(event.tenant, key)))];
      const rows = new Map<string, Uint8Array | undefined>();
      (await batch.get(keys)).forEach((row, i) => rows.set(keys[i] ?? "", row));
      for (const element of events) {
        try {
          const key = tableKey(element.event.tenant, element.key ?? "");
          const row = updatedRow(rows.get(key), {
            at: element.event.time,
            value: value(element.event),
            keep,
          });
          rows.set(key, row);
          batch.set(key, row);
        } catch (error) {
          batch.fail(element, error);
        }
      }
      return [];
    },
  };
}
