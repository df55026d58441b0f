import { DueTimes } from "../engine/due-times.ts";
import { type EventElement, isEvent, madeElement, Output, tick } from "../engine/element.ts";
import { KeyedState } from "../engine/keyed-state.ts";
import type { Batch, Operator, Place } from "../engine/operator.ts";
import type { WindowSettings, WindowShape } from "../nodes.ts";
import { totalsOf } from "./totals.ts";
import { inClosingOrder, windowResult } from "./window-result.ts";

interface OpenWindow {
  readonly tenant: string;
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly states: unknown[];
  /** Newest event time in it. */
  newest: number;
}

type Saved = [tenant: string, key: string, start: number, newest: number, states: unknown[]];

export const defaultMaxOpenWindows = 1_000_000;

/** Windows of one size that begin at every multiple of a hop; tumbling where hop and size are equal. */
export function hoppingWindows(
  { sizeMs, everyMs }: WindowShape & { kind: "hopping" },
  settings: WindowSettings,
  place: Place,
): Operator {
  const { allowedLatenessMs = 0, lateTopic, emit = "close" } = settings;
  const { maxOpenWindows = defaultMaxOpenWindows, updateEveryMs = 0 } = settings;
  const totals = totalsOf(settings.aggregate);
  const due = new DueTimes();
  /** Changed since the last update; lost with the process, when the next change or the close says it. */
  const untold = new Set<string>();
  let updatedAt = -Infinity;
  /** The watermark of the element before, of a batch's first one that of the batch before. Past what an event's own partition had reached only where that one was silent. */
  let closedUntil = -Infinity;
  const windows = new KeyedState<OpenWindow>({
    copy: (window) => ({ ...window, states: totals.copy(window.states) }),
    save: ({ tenant, key, start, newest, states }): Saved => [
      tenant,
      key,
      start,
      newest,
      totals.save(states),
    ],
    load(saved) {
      const [tenant, key, start, newest, states] = saved as Saved;
      return { tenant, key, start, newest, end: start + sizeMs, states: totals.load(states) };
    },
  });

  function add(element: EventElement, batch: Batch): void {
    const { event, key = "", reached } = element;
    const { tenant, time } = event;
    const closed = Math.max(reached, closedUntil) - allowedLatenessMs;
    const lastStart = Math.floor(time / everyMs) * everyMs;
    if (lastStart + sizeMs <= closed) return batch.late(element, lateTopic);
    const values = totals.read(event);
    for (let start = lastStart; start + sizeMs > time; start -= everyMs) {
      const end = start + sizeMs;
      if (end <= closed) return;
      const name = `${tenant}\n${start}\n${key}`;
      const window = windows.change(name, () => {
        due.add(end, name);
        return { tenant, key, start, end, states: totals.empty(), newest: time };
      });
      totals.add(window.states, values);
      if (time > window.newest) window.newest = time;
    }
  }

  function close(
    names: Iterable<string>,
    output: Output,
    watermark: number,
    forced?: string,
  ): void {
    const closed = [...names].flatMap((name) => {
      const window = windows.get(name);
      windows.delete(name);
      return window === undefined ? [] : [window];
    });
    const final = emit === "update" ? { final: true } : {};
    for (const window of closed.toSorted(inClosingOrder)) {
      const results = { ...totals.results(window.states), ...final };
      const event = windowResult(place, window, results, { variant: forced });
      output.push(madeElement(event, window.key, watermark));
    }
  }

  function force(output: Output, batch: Batch, watermark: number): void {
    while (windows.size > maxOpenWindows) {
      const names = due.take(due.next);
      if (names.size === 0) return;
      batch.count("forced", names.size);
      close(names, output, watermark, `forced at ${batch.lastOffset}`);
    }
  }

  function update(output: Output, batch: Batch, watermark: number): void {
    for (const name of windows.changed()) untold.add(name);
    if (batch.now - updatedAt < updateEveryMs) return;
    updatedAt = batch.now;
    for (const name of untold) {
      untold.delete(name);
      const window = windows.get(name);
      if (window === undefined) continue;
      const results = { ...totals.results(window.states), final: false };
      const options = { time: window.newest, variant: `update at ${batch.lastOffset}` };
      const event = windowResult(place, window, results, options);
      output.push(madeElement(event, window.key, Math.min(watermark, window.newest)));
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
        if (due.next <= time) close(due.take(time), output, held);
        held = Math.max(held, time);
        closedUntil = Math.max(closedUntil, element.watermark);
      }
      force(output, batch, held);
      if (emit === "update") update(output, batch, held);
      output.push(tick(held));
      return output.elements;
    },
    state: {
      load(entries) {
        windows.load(entries);
        for (const [name, { end }] of windows.entries()) due.add(end, name);
      },
      changes: () => windows.changes(),
      keep() {
        windows.keep();
        due.keep();
      },
      undo() {
        windows.undo();
        due.undo();
      },
      get size() {
        return windows.size;
      },
      get openUntil() {
        let until = -Infinity;
        for (const [, { end }] of windows.entries()) until = Math.max(until, end);
        return until + allowedLatenessMs;
      },
    },
  };
}
