/** What became of one event. */
export interface DeliveryReceipt {
  readonly id: string;
  /**
   * accepted, duplicate, quarantined: as the server says. rejected: the server refused the request for good. dropped: never sent, for want of
   * room or consent.
   */
  readonly status: "accepted" | "duplicate" | "quarantined" | "rejected" | "dropped";
  /** Why: the server's code, `http_<status>`, or too_large, queue_full, consent. */
  readonly code?: string;
  /** JSON pointer into the event. */
  readonly path?: string;
}

/** The receipts in a server's answer, by event id; undefined where it gives none, as other servers do. */
export function readReceipts(body: unknown): ReadonlyMap<string, DeliveryReceipt> | undefined {
  const receipts: unknown = Object(body).receipts;
  if (!Array.isArray(receipts)) return undefined;
  return new Map(receipts.map((receipt: DeliveryReceipt) => [receipt.id, receipt]));
}
