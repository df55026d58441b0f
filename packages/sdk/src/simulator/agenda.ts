import type { SimulatedEvent } from "./simulated-event.ts";

export interface Agenda {
  add(event: SimulatedEvent): void;
  /** The events of the slot, by time and, at one instant, as they were added. */
  take(start: number): readonly SimulatedEvent[];
}

/** What is still to be delivered, by the slot it falls in: adding is constant, and only one slot at a time is sorted. */
export function createAgenda(slotMs: number): Agenda {
  const slots = new Map<number, SimulatedEvent[]>();
  return {
    add(event) {
      const start = Math.floor(event.at / slotMs) * slotMs;
      const events = slots.get(start);
      if (events === undefined) slots.set(start, [event]);
      else events.push(event);
    },
    take(start) {
      const events = slots.get(start) ?? [];
      slots.delete(start);
      return events.toSorted((a, b) => a.at - b.at);
    },
  };
}
