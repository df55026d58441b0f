import type { EventEnvelope } from "@ecap/sdk";
import type { QualityCounts } from "../contract.ts";

/** Sums of one rule and field over an hour and a day. Those of the rule `events` count events by type. */
export interface QualitySum {
  readonly topic: string;
  readonly rule: string;
  readonly field: string;
  readonly hour: Omit<QualityCounts, "share">;
  readonly day: Omit<QualityCounts, "share">;
  /** Begin of the newest minute something failed in, epoch milliseconds, and ids of some events. */
  readonly lastFailure?: { readonly at: number; readonly examples: readonly string[] } | undefined;
}

export interface QualitySums {
  readonly sums: readonly QualitySum[];
  /** Newest offset they include, by partition. */
  readonly offsets: ReadonlyMap<number, number>;
  readonly asOf: number;
  readonly versions: Readonly<Record<string, number>>;
}

interface Measured {
  readonly topic: string;
  readonly minute: number;
  readonly types: ReadonlyArray<{ readonly type: string; readonly events: number }>;
  readonly results: ReadonlyArray<{
    readonly rule: string;
    readonly field: string;
    readonly checked: number;
    readonly failed: number;
    readonly examples: readonly string[];
  }>;
}

const hourMs = 3_600_000;

/** The sums with what `quality.measured` events tell that they do not include. */
export function withMeasured(
  sums: readonly QualitySum[],
  events: readonly EventEnvelope[],
  { now, eventsRule }: { readonly now: number; readonly eventsRule: string },
): readonly QualitySum[] {
  const all = new Map(sums.map((sum) => [keyOf(sum), sum]));
  for (const { time, data } of events) {
    if (time < now - 24 * hourMs) continue;
    const measured = data as unknown as Measured;
    const { topic, minute } = measured;
    const isOfHour = time >= now - hourMs;
    const counts = measured.types.map(({ type, events: checked }) => ({
      rule: eventsRule,
      field: type,
      checked,
      failed: 0,
      examples: [],
    }));
    for (const { rule, field, checked, failed, examples } of [...counts, ...measured.results]) {
      const key = keyOf({ topic, rule, field });
      const held = all.get(key);
      const last = held?.lastFailure;
      const isLast = failed > 0 && minute >= (last?.at ?? -Infinity);
      all.set(key, {
        topic,
        rule,
        field,
        hour: added(held?.hour, isOfHour ? { checked, failed } : { checked: 0, failed: 0 }),
        day: added(held?.day, { checked, failed }),
        lastFailure: isLast ? { at: minute, examples } : last,
      });
    }
  }
  return [...all.values()];
}

function added(
  one: QualitySum["hour"] = { checked: 0, failed: 0 },
  two: QualitySum["hour"],
): QualitySum["hour"] {
  return { checked: one.checked + two.checked, failed: one.failed + two.failed };
}

function keyOf({ topic, rule, field }: Pick<QualitySum, "topic" | "rule" | "field">): string {
  return JSON.stringify([topic, rule, field]);
}

export function countsOf({ checked, failed }: QualitySum["hour"]): QualityCounts {
  return { checked, failed, share: checked === 0 ? 0 : failed / checked };
}
