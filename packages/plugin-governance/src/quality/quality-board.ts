import type { EventEnvelope, LiveBoard } from "@ecap/sdk";
import type { QualityAlert } from "../contract.ts";
import { alertOfEvent, foldAlerts } from "./quality-alerts.ts";
import { alertRaised, alertResolved, qualityMeasured, qualityTopic } from "./quality-events.ts";

/** What the quality of data is at this moment. */
export interface QualityMoment {
  /** Open alerts, the newest first. */
  readonly alerts: readonly QualityAlert[];
  /** What was checked in the last hour and failed, by topic. */
  readonly topics: ReadonlyArray<{
    readonly topic: string;
    readonly events: number;
    readonly checked: number;
    readonly failed: number;
  }>;
}

interface TenantBoard {
  readonly measured: Map<string, Measured>;
  readonly alerts: Map<string, QualityAlert>;
}

interface Measured {
  readonly at: number;
  readonly topic: string;
  readonly events: number;
  readonly checked: number;
  readonly failed: number;
}

const keptMs = 3_600_000;
/** Minutes and alerts kept of a tenant; past it the oldest are forgotten. */
const maxMinutes = 5_000;
const maxAlerts = 500;

/** Folds results and alerts as they come. */
export function qualityBoard(): LiveBoard {
  const tenants = new Map<string, TenantBoard>();
  return {
    topics: [qualityTopic, alertRaised.topic],
    take(event) {
      const isAlert = event.type === alertRaised.type || event.type === alertResolved.type;
      if (!isAlert && event.type !== qualityMeasured.type) return;
      const board = tenants.get(event.tenant) ?? { measured: new Map(), alerts: new Map() };
      tenants.set(event.tenant, board);
      if (isAlert) {
        const alert = alertOfEvent(event);
        const [folded = alert] = foldAlerts([board.alerts.get(alert.id) ?? alert, alert]);
        board.alerts.set(alert.id, folded);
        dropOldest(board.alerts, maxAlerts);
      } else {
        board.measured.set(event.id, measuredOf(event));
        dropOldest(board.measured, maxMinutes);
      }
    },
    snapshot({ tenant, now }): QualityMoment {
      const board = tenants.get(tenant);
      const recent = [...(board?.measured.values() ?? [])].filter(({ at }) => at >= now - keptMs);
      const topics = [...new Set(recent.map(({ topic }) => topic))].toSorted();
      return {
        alerts: foldAlerts([...(board?.alerts.values() ?? [])]).filter(
          ({ status }) => status === "open",
        ),
        topics: topics.map((topic) => {
          const own = recent.filter((each) => each.topic === topic);
          const sum = (of: "events" | "checked" | "failed"): number =>
            own.reduce((total, each) => total + each[of], 0);
          return { topic, events: sum("events"), checked: sum("checked"), failed: sum("failed") };
        }),
      };
    },
  };
}

function measuredOf({ time, data }: EventEnvelope): Measured {
  const results = data["results"] as ReadonlyArray<{ checked: number; failed: number }>;
  const whole = results.filter(({ checked }) => checked > 0);
  return {
    at: time,
    topic: String(data["topic"]),
    events: Number(data["events"]),
    checked: whole.reduce((sum, { checked }) => sum + checked, 0),
    failed: whole.reduce((sum, { failed }) => sum + failed, 0),
  };
}

function dropOldest(entries: Map<string, unknown>, most: number): void {
  if (entries.size <= most) return;
  const [oldest] = entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
}
