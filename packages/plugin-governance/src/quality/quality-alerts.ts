import type { EventEnvelope } from "@ecap/sdk";
import type { QualityAlert } from "../contract.ts";
import { alertRaised } from "./quality-events.ts";

/** One of each alert: as resolved, where it was. */
export function foldAlerts(all: readonly QualityAlert[]): readonly QualityAlert[] {
  const byId = new Map<string, QualityAlert>();
  for (const alert of all) {
    if (byId.get(alert.id)?.status !== "resolved") byId.set(alert.id, alert);
  }
  return [...byId.values()].toSorted((a, b) => rank(a) - rank(b) || b.since - a.since);
}

function rank({ status }: QualityAlert): number {
  return status === "open" ? 0 : 1;
}

export function alertOfEvent({ type, data }: EventEnvelope): QualityAlert {
  const { alertId, ...rest } = data as unknown as Omit<QualityAlert, "id" | "status"> & {
    readonly alertId: string;
  };
  return { id: alertId, status: type === alertRaised.type ? "open" : "resolved", ...rest };
}
