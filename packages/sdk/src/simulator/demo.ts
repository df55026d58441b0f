import { type SimulationOptions, usualFraud } from "./options.ts";

const dayMs = 86_400_000;

/** Ninety days of a small shop up to the instant (epoch milliseconds): over 20,000 orders and 300,000 events, with frauds and one bad day. */
export function demoHistory(until: number, seed: string | number = "demo"): SimulationOptions {
  const from = until - 90 * dayMs;
  return {
    seed,
    from,
    to: until,
    ordersPerDay: 228,
    // Half of the visits buy: a history that is quick to load, with as many orders as a busier shop.
    conversion: 0.5,
    // More of the rare ones, so that within the ninety days everybody meets each.
    fraud: Object.fromEntries(
      Object.entries(usualFraud).map(([scenario, rate]) => [scenario, Math.max(rate, 0.25)]),
    ),
    anomalies: [{ from: until - 24 * dayMs, to: until - 23.5 * dayMs, factor: 0.15 }],
  };
}

/**
 * What goes on after {@link demoHistory}: the same shop and its customers, from the instant on. Busier than the history and at all hours, so that
 * someone who watches sees something happen.
 */
export function demoTrickle(
  from: number,
  historyEndedAt: number,
  seed: string | number = "demo",
): SimulationOptions {
  return {
    seed,
    from,
    openedAt: historyEndedAt - 90 * dayMs,
    ordersPerDay: 1000,
    seasonal: false,
    catalogue: false,
  };
}
