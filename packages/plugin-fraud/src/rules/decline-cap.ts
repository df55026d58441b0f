import type { StateStore } from "@ecap/sdk";

const windowMs = 60_000;
const bucketMs = 5_000;

export interface Cap {
  /** Whether this decline is one too many. */
  readonly exceeded: boolean;
  /** Whether it is the first one too many. */
  readonly first: boolean;
}

/**
 * Counts a decline, once by the payment's id, among those of the last minute of all processes. As an id that was counted before is told what it was told
 * then, deciding on a payment again ends alike.
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
    readonly at: number;
    readonly max: number;
  },
): Promise<Cap> {
  const { before } = await store.contribute({
    key: `fraud/rules/${tenant}/declines/${ruleSet}`,
    id,
    at,
    windows: [{ name: "declines", windowMs, bucketMs, aggregate: "count" }],
    values: [1],
  });
  const count = before[0] ?? 0;
  return { exceeded: count >= max, first: count === max };
}
