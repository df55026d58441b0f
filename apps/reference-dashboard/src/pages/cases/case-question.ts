export const caseViews = ["open", "mine", "free", "closed"] as const;
export type CaseView = (typeof caseViews)[number];
export const caseOrders = ["priority", "due", "newest"] as const;
export type CaseOrder = (typeof caseOrders)[number];

export interface CaseQuestion {
  readonly view: CaseView;
  readonly order: CaseOrder;
  readonly queue: string | undefined;
  readonly cursor: string | undefined;
  /** The id of a payment, or of anything payments share; it is looked for in all cases. */
  readonly find: string | undefined;
}

/** What the address asks for; what it says that is unknown is left out. */
export function questionOf(parameters: Readonly<Record<string, string>>): CaseQuestion {
  return {
    view: caseViews.find((view) => view === parameters["view"]) ?? "open",
    order: caseOrders.find((order) => order === parameters["order"]) ?? "priority",
    queue: parameters["queue"],
    find: parameters["find"]?.slice(0, 256) || undefined,
    cursor: /^\d{1,7}$/.test(parameters["cursor"] ?? "") ? parameters["cursor"] : undefined,
  };
}
