import type { ErrorCode } from "../errors/error-table.ts";

/** What became of one event. */
export interface Receipt {
  /** The event's id; its place in the log where the sender gave none. */
  readonly id?: string;
  readonly status: "accepted" | "duplicate" | "quarantined";
  /** Why it was quarantined. */
  readonly code?: ErrorCode;
  /** JSON pointer into the event. */
  readonly path?: string;
  readonly message?: string;
  /** Where an accepted event disagrees with itself. */
  readonly warnings?: readonly string[];
}
