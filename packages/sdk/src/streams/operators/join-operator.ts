import type { EventEnvelope } from "../../events/envelope.ts";
import { derivedId } from "../derived-id.ts";
import { DueTimes } from "../engine/due-times.ts";
import { type EventElement, isEvent, madeElement, Output, tick } from "../engine/element.ts";
import { KeyedState } from "../engine/keyed-state.ts";
import type { Batch, Operator, Place } from "../engine/operator.ts";
import type { JoinSettings, JoinSide } from "../nodes.ts";

interface Held {
  readonly event: EventEnvelope;
  matched: boolean;
}

/** Events of one tenant and key that may still find a partner. */
interface Sides {
  readonly tenant: string;
  readonly key: string;
  left: Held[];
  right: Held[];
}

const defaultMaxHeld = 500_000;

/** Pairs events of two sides of one tenant and key whose times are at most `withinMs` apart. An event is late when it is older than the
 * watermark less the lateness. */
export function joinOperator(settings: JoinSettings, place: Place): Operator {
  const { withinMs, type = "inner", merge, allowedLatenessMs = 0, lateTopic } = settings;
  const { maxHeld = defaultMaxHeld } = settings;
  /** How much older than the watermark what comes out may be. */
  const heldBackMs = allowedLatenessMs + (type === "inner" ? 0 : withinMs);
  const due = new DueTimes();
  /** The watermark of the element before, of a batch's first one that of the batch before. Past what an event's own partition had reached only where that one was silent. */
  let closedUntil = -Infinity;
  let held = 0;
  let heldBefore = 0;
  const keys = new KeyedState<Sides>({
    copy: ({ tenant, key, left, right }) => ({
      tenant,
      key,
      left: left.map((each) => ({ ...each })),
      right: right.map((each) => ({ ...each })),
    }),
    save: (sides) => sides,
    load: (saved) => saved as Sides,
  });

  function pair(left: Held, right: Held, element: EventElement, output: Output, out: number): void {
    const merged = merge(left.event, right.event);
    left.matched = true;
    right.matched = true;
    const time = Math.max(left.event.time, right.event.time);
    const receivedAt = Math.max(left.event.receivedAt, right.event.receivedAt);
    const id = derivedId(place.leg, left.event.id, right.event.id);
    output.push(madeElement({ ...merged, id, time, receivedAt }, element.key, out));
  }

  function add(element: EventElement, batch: Batch, output: Output, out: number): void {
    const { event, key = "", reached, side = "left" } = element;
    const { tenant, time } = event;
    if (time < Math.max(reached, closedUntil) - allowedLatenessMs)
      return batch.late(element, lateTopic);
    const name = `${tenant}\n${key}`;
    const sides = keys.change(name, () => ({ tenant, key, left: [], right: [] }));
    const mine: Held = { event, matched: false };
    for (const other of side === "left" ? sides.right : sides.left) {
      if (Math.abs(other.event.time - time) > withinMs) continue;
      if (side === "left") pair(mine, other, element, output, out);
      else pair(other, mine, element, output, out);
    }
    sides[side].push(mine);
    held += 1;
    due.add(time + withinMs, name);
  }

  /** Lets go of what can find no partner any more: events before `before − withinMs`. */
  function release(before: number, names: ReadonlySet<string>, output: Output, out: number): void {
    const alone: Array<readonly [JoinSide, Held, string]> = [];
    for (const name of names) {
      if (keys.get(name) === undefined) continue;
      const sides = keys.change(name, () => ({ tenant: "", key: "", left: [], right: [] }));
      for (const side of ["left", "right"] as const) {
        const over = sides[side].filter(({ event }) => event.time + withinMs < before);
        if (over.length === 0) continue;
        sides[side] = sides[side].filter(({ event }) => event.time + withinMs >= before);
        held -= over.length;
        const isWanted = type === "outer" || (type === "left" && side === "left");
        if (!isWanted) continue;
        for (const each of over) if (!each.matched) alone.push([side, each, sides.key]);
      }
      if (sides.left.length + sides.right.length === 0) keys.delete(name);
    }
    const byTime = alone.toSorted(
      ([, { event: a }], [, { event: b }]) => a.time - b.time || (a.id < b.id ? -1 : 1),
    );
    for (const [side, { event }, key] of byTime) {
      const merged = side === "left" ? merge(event, undefined) : merge(undefined, event);
      const { time, receivedAt } = event;
      const id = derivedId(place.leg, event.id, `${side} alone`);
      output.push(madeElement({ ...merged, id, time, receivedAt }, key, out));
    }
  }

  return {
    process(elements, batch) {
      const output = new Output();
      let out = -Infinity;
      closedUntil = -Infinity;
      for (const element of elements) {
        if (isEvent(element)) {
          try {
            add(element, batch, output, out);
          } catch (error) {
            batch.fail(element, error);
          }
        }
        const time = element.watermark - allowedLatenessMs;
        if (due.next < time) release(time, due.take(time - 1), output, out);
        out = Math.max(out, element.watermark - heldBackMs);
        closedUntil = Math.max(closedUntil, element.watermark);
      }
      while (held > maxHeld) {
        const time = due.next + 1;
        const before = held;
        release(time, due.take(due.next), output, out);
        batch.count("forced", before - held);
        if (due.next === Infinity) break;
      }
      output.push(tick(out));
      return output.elements;
    },
    state: {
      load(entries) {
        keys.load(entries);
        for (const [name, { left, right }] of keys.entries()) {
          held += left.length + right.length;
          for (const { event } of [...left, ...right]) due.add(event.time + withinMs, name);
        }
        heldBefore = held;
      },
      changes: () => keys.changes(),
      keep() {
        keys.keep();
        due.keep();
        heldBefore = held;
      },
      undo() {
        keys.undo();
        due.undo();
        held = heldBefore;
      },
      get size() {
        return held;
      },
      get openUntil() {
        let until = -Infinity;
        for (const [, { left, right }] of keys.entries()) {
          for (const { event } of [...left, ...right]) until = Math.max(until, event.time);
        }
        return until + withinMs + allowedLatenessMs + 1;
      },
    },
  };
}
