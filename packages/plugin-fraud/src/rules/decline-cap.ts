import type { StateStore } from "@ecap/sdk";

export interface Cap {
  /** Whether this decline is one too many. */
  readonly exceeded: boolean;
  /** Whether it is the first one too many, and the minute before had none. */
  readonly first: boolean;
}

const minuteMs = 60_000;
const minutes = { name: "declines", bucketMs: minuteMs, aggregate: "count" } as const;
/** The minute of a payment, that minute with the one before, and so many that late payments and payments decided on again are still known. */
const windows = [1, 2, 10].map((count) => ({ ...minutes, windowMs: count * minuteMs }));

/**
 * Counts a decline, once by the payment's id, among those of its minute of all processes: the first `max` of a minute of the clock are within the
 * cap, the others of that minute are beyond it. An id counted before is told what it was told then. Ids and minutes are kept for twenty minutes; a
 * payment that is older than that by the newest one declined is not counted, and is within the cap.
 */
export async function countDecline(
  store: StateStore,
  {
    tenant,
    ruleSet,
    id,
    at,
    max,
  }: {
    readonly tenant: string;
    readonly ruleSet: string;
    readonly id: string;
    /** Time of the payment. */
    readonly at: number;
    readonly max: number;
  },
): Promise<Cap> {
  const { before } = await store.contribute({
    key: `fraud/rules/${tenant}/declines/${ruleSet}`,
    id,
    at,
    windows,
    // Windows that differ in nothing but their length share their counts, so one of them takes it.
    values: [1, undefined, undefined],
  });
  const [ofMinute = 0, ofBoth = 0] = before;
  return { exceeded: ofMinute >= max, first: ofMinute === max && ofBoth - ofMinute <= max };
}
