import type { Action } from "../format/actions.ts";
import type { Isolation } from "../log/conflicts.ts";
import type { TableState } from "../log/table-state.ts";
import { type Change, noReads } from "./change.ts";
import type { TableContext } from "./table-context.ts";
import { isOn } from "./table-properties.ts";

/** The part of a change that the history tells. */
export type Told = Pick<
  Change,
  "operation" | "parameters" | "metrics" | "info" | "actions" | "reads"
>;

/** What a commit says of itself. Values of parameters and metrics are texts, as other writers have them. */
export function commitInfo(
  { clock }: Pick<TableContext, "clock">,
  base: TableState | undefined,
  change: Told,
  isolation: Isolation,
): Action {
  const now = clock.now();
  const { operation, parameters = {}, metrics, info } = change;
  const inCommitTimestamp =
    base && isOn(base.metaData, "delta.enableInCommitTimestamps")
      ? { inCommitTimestamp: Math.max(now, base.timestamp + 1) }
      : {};
  return {
    commitInfo: {
      ...inCommitTimestamp,
      timestamp: now,
      operation,
      operationParameters: texts(parameters),
      ...(base ? { readVersion: base.version } : {}),
      isolationLevel: isolationNames[isolation],
      isBlindAppend: isBlindAppend(change),
      ...(metrics ? { operationMetrics: texts(metrics) } : {}),
      engineInfo: "ecap",
      ...(info ? { ecap: info } : {}),
    },
  };
}

const isolationNames: Readonly<Record<Isolation, string>> = {
  serializable: "Serializable",
  "write-serializable": "WriteSerializable",
  snapshot: "SnapshotIsolation",
};

/** Whether it only adds rows, having read none. */
function isBlindAppend({ actions, reads }: Told): boolean {
  const changesMore = actions.some((action) => "remove" in action || "metaData" in action);
  return reads === noReads && !changesMore && actions.some((action) => "add" in action);
}

function texts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}
