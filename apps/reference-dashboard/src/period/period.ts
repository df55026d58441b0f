import type { Grain } from "../api/answers.ts";

/** What a reader can pick. `custom` has its days in the address. */
export const presets = ["7d", "30d", "90d", "all", "custom"] as const;
export type Preset = (typeof presets)[number];

/** Instants in epoch milliseconds, `to` exclusive; all days are UTC days. */
export interface Period {
  readonly preset: Preset;
  readonly from: number;
  readonly to: number;
  /** The span of the same length just before; absent where all time is shown. */
  readonly before?: { readonly from: number; readonly to: number };
  readonly grains: readonly Grain[];
  readonly grain: Grain;
}

export const dayMs = 86_400_000;
const minuteMs = 60_000;
const days = { "7d": 7, "30d": 30, "90d": 90 } as const;
/** The earliest day of "all time": before any shop on the web. */
const firstDay = Date.UTC(1990, 0, 1);

/**
 * The period an address asks for. The last n days are whole days up to this minute, and the period before is the same days, n days earlier, up to
 * the same minute: so a day that has just begun is compared with as much of the other.
 */
export function resolvePeriod(parameters: Readonly<Record<string, string>>, now: number): Period {
  const minute = Math.ceil(now / minuteMs) * minuteMs;
  const preset = presets.find((name) => name === parameters["period"]) ?? "30d";
  if (preset === "all")
    return withGrain(
      { preset, from: firstDay, to: minute },
      ["day", "week", "month"],
      "week",
      parameters["grain"],
    );
  const span =
    preset === "custom" ? customSpan(parameters, minute) : lastDays(days[preset], minute);
  const length = span.to - span.from;
  const whole = Math.ceil(length / dayMs) * dayMs;
  const before = { from: span.from - whole, to: span.to - whole };
  return withGrain(
    { preset, ...span, before },
    allowedGrains(length),
    defaultGrain(length),
    parameters["grain"],
  );
}

function lastDays(count: number, minute: number): { from: number; to: number } {
  return { from: startOfDay(minute - 1) - (count - 1) * dayMs, to: minute };
}

function customSpan(
  parameters: Readonly<Record<string, string>>,
  minute: number,
): { from: number; to: number } {
  const from = parseDay(parameters["from"]);
  const last = parseDay(parameters["to"]);
  if (from === undefined || last === undefined || last < from) return lastDays(30, minute);
  return { from, to: last + dayMs };
}

function withGrain(
  period: Omit<Period, "grains" | "grain">,
  grains: readonly Grain[],
  fallback: Grain,
  asked: string | undefined,
): Period {
  return { ...period, grains, grain: grains.find((grain) => grain === asked) ?? fallback };
}

function allowedGrains(length: number): readonly Grain[] {
  if (length <= 14 * dayMs) return ["hour", "day"];
  if (length <= 31 * dayMs) return ["hour", "day", "week"];
  return ["day", "week", "month"];
}

function defaultGrain(length: number): Grain {
  if (length <= 2 * dayMs) return "hour";
  if (length <= 92 * dayMs) return "day";
  return length <= 400 * dayMs ? "week" : "month";
}

export function startOfDay(instant: number): number {
  return Math.floor(instant / dayMs) * dayMs;
}

/** YYYY-MM-DD */
export function dayOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

export function parseDay(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}
