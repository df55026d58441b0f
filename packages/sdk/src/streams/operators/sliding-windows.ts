import { DueTimes } from "../engine/due-times.ts";
import { type EventElement, isEvent, madeElement, Output, tick } from "../engine/element.ts";
import { KeyedState } from "../engine/keyed-state.ts";
import type { Batch, Operator, Place } from "../engine/operator.ts";
import type { WindowSettings, WindowShape } from "../nodes.ts";
import { defaultMaxOpenWindows } from "./hopping-windows.ts";
import { totalsOf } from "./totals.ts";
import { inClosingOrder, type WindowBounds, windowResult } from "./window-result.ts";

/** The events of one moment. */
interface Slice {
  readonly time: number;
  readonly states: unknown[];
}

/** What is kept of one tenant and key, by time. */
interface Slices {
  readonly tenant: string;
  readonly key: string;
  /** Up to this moment windows were given out. */
  doneUntil: number;
  list: Slice[];
}

type Saved = [tenant: string, key: string, doneUntil: number, slices: Array<[number, unknown[]]>];

/**
 * For each moment at which an event of a key happened, the events of (moment − size, moment]. An event is late when it is older than the
 * watermark less the lateness. What a key keeps is stored with each batch that changes it: sizes are for keys with thousands of events, not millions.
 */
export function slidingWindows(
  { sizeMs }: WindowShape & { kind: "sliding" },
  settings: WindowSettings,
  place: Place,
): Operator {
  const { allowedLatenessMs = 0, lateTopic, maxOpenWindows = defaultMaxOpenWindows } = settings;
  const totals = totalsOf(settings.aggregate);
  const due = new DueTimes();
  /** The watermark of the element before, of a batch's first one that of the batch before. Past what an event's own partition had reached only where that one was silent. */
  let closedUntil = -Infinity;
  const keys = new KeyedState<Slices>({
    copy: (slices) => ({
      ...slices,
      list: slices.list.map(({ time, states }) => ({ time, states: totals.copy(states) })),
    }),
    save: ({ tenant, key, doneUntil, list }): Saved => [
      tenant,
      key,
      Number.isFinite(doneUntil) ? doneUntil : Number.MIN_SAFE_INTEGER,
      list.map(({ time, states }) => [time, totals.save(states)]),
    ],
    load(saved) {
      const [tenant, key, doneUntil, list] = saved as Saved;
      const slices = list.map(([time, states]) => ({ time, states: totals.load(states) }));
      return { tenant, key, doneUntil, list: slices };
    },
  });

  function add(element: EventElement, batch: Batch): void {
    const { event, key = "", reached } = element;
    const { tenant, time } = event;
    if (time < Math.max(reached, closedUntil) - allowedLatenessMs)
      return batch.late(element, lateTopic);
    const values = totals.read(event);
    const name = `${tenant}\n${key}`;
    const none = (): Slices => ({ tenant, key, doneUntil: Number.MIN_SAFE_INTEGER, list: [] });
    const { list } = keys.change(name, none);
    let at = list.length;
    while (at > 0 && (list[at - 1]?.time ?? 0) >= time) at -= 1;
    let slice = list[at];
    if (slice?.time !== time) {
      slice = { time, states: totals.empty() };
      list.splice(at, 0, slice);
      // Complete when every event up to that moment, itself included, has come; kept until no window needs it.
      due.add(time, name);
      due.add(time + sizeMs, name);
    }
    totals.add(slice.states, values);
  }

  function windowAt(slices: Slices, time: number): WindowBounds & { states: unknown[] } {
    const states = totals.empty();
    for (const slice of slices.list) {
      if (slice.time > time - sizeMs && slice.time <= time)
        totals.merge(states, totals.copy(slice.states));
    }
    const { tenant, key } = slices;
    return { tenant, key, start: time - sizeMs + 1, end: time + 1, states };
  }

  function close(
    before: number,
    names: ReadonlySet<string>,
    output: Output,
    watermark: number,
    variant?: string,
  ): void {
    const closed: Array<WindowBounds & { states: unknown[] }> = [];
    for (const name of names) {
      if (keys.get(name) === undefined) continue;
      const slices = keys.change(name, () => ({ tenant: "", key: "", doneUntil: 0, list: [] }));
      for (const { time } of slices.list) {
        if (time > slices.doneUntil && time < before) closed.push(windowAt(slices, time));
      }
      slices.doneUntil = Math.max(slices.doneUntil, before - 1);
      slices.list = slices.list.filter(({ time }) => time + sizeMs >= before);
      if (slices.list.length === 0) keys.delete(name);
    }
    for (const window of closed.toSorted(inClosingOrder)) {
      const event = windowResult(place, window, totals.results(window.states), { variant });
      output.push(madeElement(event, window.key, watermark));
    }
  }

  return {
    process(elements, batch) {
      const output = new Output();
      let held = -Infinity;
      closedUntil = -Infinity;
      for (const element of elements) {
        if (isEvent(element)) {
          try {
            add(element, batch);
          } catch (error) {
            batch.fail(element, error);
          }
        }
        const time = element.watermark - allowedLatenessMs;
        if (due.next < time) close(time, due.take(time - 1), output, held);
        held = Math.max(held, time);
        closedUntil = Math.max(closedUntil, element.watermark);
      }
      while (keys.size > maxOpenWindows) {
        const names = due.take(due.next);
        if (names.size === 0) break;
        batch.count("forced", names.size);
        close(Infinity, names, output, held, `forced at ${batch.lastOffset}`);
      }
      output.push(tick(held));
      return output.elements;
    },
    state: {
      load(entries) {
        keys.load(entries);
        for (const [name, { list, doneUntil }] of keys.entries()) {
          for (const { time } of list) {
            if (time > doneUntil) due.add(time, name);
            due.add(time + sizeMs, name);
          }
        }
      },
      changes: () => keys.changes(),
      keep() {
        keys.keep();
        due.keep();
      },
      undo() {
        keys.undo();
        due.undo();
      },
      get size() {
        return keys.size;
      },
      get openUntil() {
        let until = -Infinity;
        for (const [, { list, doneUntil }] of keys.entries()) {
          const newest = list.at(-1)?.time ?? -Infinity;
          if (newest > doneUntil) until = Math.max(until, newest + 1);
        }
        return until + allowedLatenessMs;
      },
    },
  };
}
