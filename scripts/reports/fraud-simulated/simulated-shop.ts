import { decideSimulated } from "../../../packages/plugin-fraud/scripts/decide-simulated.ts";
import type { JudgedPayment } from "./figures.ts";

const dayMs = 86_400_000;

export interface SimulatedShop {
  readonly seed: string;
  readonly ordersPerDay: number;
  /** Days that are judged, after those in which the features' windows fill. */
  readonly days: number;
}

/** As far as a feature reaches. */
export const warmUpDays = 90;
const from = Date.UTC(2026, 0, 1);

/** Every payment that the plugin with its default pack and model decided on, in the days that are judged. */
export async function judgeShop({ seed, ordersPerDay, days }: SimulatedShop) {
  const judged: JudgedPayment[] = [];
  const begin = from + warmUpDays * dayMs;
  const options = { seed, from, to: begin + days * dayMs, ordersPerDay };
  for await (const { decision, scenario, at } of decideSimulated(options)) {
    if (at < begin) continue;
    const { score, reasons, features } = decision;
    judged.push({ scenario, score, codes: reasons.map(({ code }) => code), features });
  }
  return judged;
}
