import { DueTimes } from "../engine/due-times.ts";
import { type EventElement, isEvent, madeElement, Output, tick } from "../engine/element.ts";
import { KeyedState } from "../engine/keyed-state.ts";
import type { Batch, Operator, Place } from "../engine/operator.ts";
import type { WindowSettings, WindowShape } from "../nodes.ts";
import { defaultMaxOpenWindows } from "./hopping-windows.ts";
import { totalsOf } from "./totals.ts";
import { inClosingOrder, type WindowBounds, windowResult } from "./window-result.ts";

interface Session {
  start: number;
  /** Time of the newest event; the session ends a gap later. */
  last: number;
  readonly states: unknown[];
}

/** The open sessions of one tenant and key, apart by a gap or more. */
interface Sessions {
  readonly tenant: string;
  readonly key: string;
  list: Session[];
}

type Saved = [tenant: string, key: string, sessions: Array<[number, number, unknown[]]>];

/** Windows of events that are less than a gap apart. An event is late when it is older than the watermark less the lateness. */
export function sessionWindows(
  { gapMs }: WindowShape & { kind: "session" },
  settings: WindowSettings,
  place: Place,
): Operator {
  const { allowedLatenessMs = 0, lateTopic, maxOpenWindows = defaultMaxOpenWindows } = settings;
  const totals = totalsOf(settings.aggregate);
  const due = new DueTimes();
  /** The watermark of the element before, of a batch's first one that of the batch before. Past what an event's own partition had reached only where that one was silent. */
  let closedUntil = -Infinity;
  const keys = new KeyedState<Sessions>({
    copy: ({ tenant, key, list }) => ({
      tenant,
      key,
      list: list.map((each) => ({ ...each, states: totals.copy(each.states) })),
    }),
    save: ({ tenant, key, list }): Saved => [
      tenant,
      key,
      list.map(({ start, last, states }) => [start, last, totals.save(states)]),
    ],
    load(saved) {
      const [tenant, key, list] = saved as Saved;
      const sessions = list.map(([start, last, states]) => ({
        start,
        last,
        states: totals.load(states),
      }));
      return { tenant, key, list: sessions };
    },
  });

  function add(element: EventElement, batch: Batch): void {
    const { event, key = "", reached } = element;
    const { tenant, time } = event;
    if (time < Math.max(reached, closedUntil) - allowedLatenessMs)
      return batch.late(element, lateTopic);
    const values = totals.read(event);
    const name = `${tenant}\n${key}`;
    const sessions = keys.change(name, () => ({ tenant, key, list: [] }));
    const joined: Session = { start: time, last: time, states: totals.empty() };
    totals.add(joined.states, values);
    const apart: Session[] = [];
    let isNew = true;
    for (const session of sessions.list) {
      if (time <= session.start - gapMs || time >= session.last + gapMs) {
        apart.push(session);
        continue;
      }
      isNew = false;
      totals.merge(joined.states, session.states);
      joined.start = Math.min(joined.start, session.start);
      joined.last = Math.max(joined.last, session.last);
    }
    sessions.list = [...apart, joined].toSorted((a, b) => a.start - b.start);
    if (isNew) due.add(joined.last + gapMs, name);
  }

  function close(
    time: number,
    output: Output,
    watermark: number,
    options: { readonly variant?: string; readonly names?: ReadonlySet<string> } = {},
  ): void {
    const closed: Array<WindowBounds & Session> = [];
    for (const name of options.names ?? due.take(time)) {
      const held = keys.get(name);
      if (held === undefined) continue;
      const over = held.list.filter(({ last }) => last + gapMs <= time);
      const left = held.list.filter(({ last }) => last + gapMs > time);
      const { tenant, key } = held;
      for (const session of over)
        closed.push({ tenant, key, ...session, end: session.last + gapMs });
      if (left.length === 0) keys.delete(name);
      else if (over.length > 0) keys.change(name, () => held).list = left;
      for (const { last } of left) due.add(last + gapMs, name);
    }
    for (const session of closed.toSorted(inClosingOrder)) {
      const event = windowResult(place, session, totals.results(session.states), options);
      output.push(madeElement(event, session.key, watermark));
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
        if (due.next <= time) close(time, output, held);
        held = Math.max(held, time);
        closedUntil = Math.max(closedUntil, element.watermark);
      }
      while (keys.size > maxOpenWindows) {
        const names = due.take(due.next);
        if (names.size === 0) break;
        batch.count("forced", names.size);
        close(Infinity, output, held, { names, variant: `forced at ${batch.lastOffset}` });
      }
      output.push(tick(held));
      return output.elements;
    },
    state: {
      load(entries) {
        keys.load(entries);
        for (const [name, { list }] of keys.entries()) {
          for (const { last } of list) due.add(last + gapMs, name);
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
        for (const [, { list }] of keys.entries()) {
          for (const { last } of list) until = Math.max(until, last + gapMs);
        }
        return until + allowedLatenessMs;
      },
    },
  };
}
