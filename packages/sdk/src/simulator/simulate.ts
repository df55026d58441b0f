import { createAgenda } from "./agenda.ts";
import { type ResolvedOptions, resolveOptions, type SimulationOptions } from "./options.ts";
import type { SimulatedEvent } from "./simulated-event.ts";
import { createTraffic } from "./traffic.ts";

const dayMs = 86_400_000;
/** Sessions that begin in one slot of time, about; slots bound the memory a high rate takes. */
const sessionsPerSlot = 250;

/**
 * A shop's traffic in order of delivery: what its clients and back office send, and the truth about its frauds beside it. Time passes only as the
 * iterator is read. The same options give the same bytes; nothing but them is read, no clock and no other chance. What was begun before `from` is
 * not there, so full journeys reach their rate of orders some minutes after it.
 */
export function* simulate(options: SimulationOptions): Generator<SimulatedEvent, void, void> {
  const settings = resolveOptions(options);
  const { from, to } = settings;
  const slotMs = slotLength(settings);
  const agenda = createAgenda(slotMs);
  const play = createTraffic(settings, (event) => agenda.add(event));
  for (let start = Math.floor(from / slotMs) * slotMs; start < to; start += slotMs) {
    play(Math.max(start, from), Math.min(start + slotMs, to));
    for (const event of agenda.take(start)) if (event.at < to) yield event;
  }
}

function slotLength({ ordersPerDay, conversion, journeys }: ResolvedOptions): number {
  const sessionsPerMs = ordersPerDay / (journeys === "orders" ? 1 : conversion) / dayMs;
  const wanted = sessionsPerSlot / sessionsPerMs;
  const lengths = [3_600_000, 600_000, 60_000, 10_000, 1000, 100, 10];
  return lengths.find((length) => length <= wanted) ?? 10;
}
