import type { EventEnvelope } from "../events/envelope.ts";

/** What a plugin shows of this moment: results of its topologies, folded in memory. Every process that serves the API makes its own. */
export interface LiveBoard {
  /** Topics to follow. */
  readonly topics: readonly string[];
  /** Takes an event of these topics; the same one may come again. */
  take(event: EventEnvelope): void;
  /** Plain JSON for one tenant. `now`: epoch milliseconds. */
  snapshot(request: { readonly tenant: string; readonly now: number }): object;
}
