import { type AppTransaction, EcapError } from "@ecap/sdk";
import type { TableState } from "../log/table-state.ts";

/** Whether all of this was appended before. */
export function isDone(state: TableState, transactions: readonly AppTransaction[]): boolean {
  return transactions.length > 0 && transactions.every((txn) => !advances(state, txn));
}

/** Whether the application comes further by it. */
export function advances(state: TableState, { appId, version }: AppTransaction): boolean {
  const reached = state.transactions.get(appId);
  return reached === undefined || reached.version < version;
}

/** Throws ECAP_FENCED where an application is at another version than expected. */
export function assertExpected(
  table: string,
  state: TableState,
  transactions: readonly AppTransaction[],
): void {
  for (const { appId, expected } of transactions) {
    const stored = state.transactions.get(appId)?.version ?? 0;
    if (expected === undefined || expected === stored) continue;
    throw new EcapError(
      "ECAP_FENCED",
      `Table ${table}: another writer brought ${appId} from ${expected} to ${stored}`,
      { received: expected },
    );
  }
}
