import type { ResolvedOptions } from "./options.ts";

const dayMs = 86_400_000;
/** Traffic by hour of the day in UTC: quiet nights, a busy evening. */
const byHour = evened([
  0.35, 0.2, 0.13, 0.1, 0.12, 0.25, 0.5, 0.8, 1.05, 1.25, 1.35, 1.35, 1.3, 1.25, 1.25, 1.25, 1.3,
  1.4, 1.55, 1.75, 1.85, 1.6, 1.1, 0.65,
]);
/** From Sunday. */
const byWeekday = evened([1.2, 1.02, 0.95, 0.93, 0.95, 0.98, 1.12]);
/** From January: sales, spring, a summer lull, and the months before Christmas. */
const byMonth = evened([0.92, 0.85, 0.92, 0.95, 0.98, 0.94, 0.88, 0.88, 0.95, 1.03, 1.35, 1.4]);

/** How traffic stands to its mean at an instant. */
export type Seasons = (at: number) => number;

/** The factor on the mean rate: hour, weekday, month, growth since `from` and anomalies; over a run that ends it is 1 on average, anomalies aside. */
export function createSeasons(options: ResolvedOptions): Seasons {
  const { from, to, growth, seasonal, anomalies } = options;
  const trend = Math.log1p(growth) / 365;
  const usual = (at: number): number => {
    if (!seasonal) return 1;
    const date = new Date(at);
    return (
      daily(date) * (byHour[date.getUTCHours()] ?? 1) * Math.exp((trend * (at - from)) / dayMs)
    );
  };
  const mean = seasonal && Number.isFinite(to) ? meanOver(usual, from, to) : 1;
  return (at) => {
    let factor = usual(at) / mean;
    for (const anomaly of anomalies) {
      if (at >= anomaly.from && at < anomaly.to) factor *= anomaly.factor;
    }
    return factor;
  };
}

function daily(date: Date): number {
  return (byWeekday[date.getUTCDay()] ?? 1) * (byMonth[date.getUTCMonth()] ?? 1);
}

function meanOver(factor: (at: number) => number, from: number, to: number): number {
  const steps = Math.min(10_000, Math.max(1, Math.ceil((to - from) / 3_600_000)));
  const stepMs = (to - from) / steps;
  let sum = 0;
  for (let i = 0; i < steps; i += 1) sum += factor(from + (i + 0.5) * stepMs);
  return sum / steps;
}

function evened(weights: readonly number[]): readonly number[] {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
}
