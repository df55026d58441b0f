import type { Contribution, StateStore, WindowSpec } from "@ecap/sdk";

const hour = 3_600_000;
const day = 24 * hour;

/** Eight windows an entity, as velocity has them. */
const windows: readonly WindowSpec[] = [
  ...counted("count", [hour, day, 7 * day]),
  ...counted("sum", [hour, day]),
  ...counted("distinct", [hour, day]),
  ...counted("max", [day]),
];

export const entitiesOfDecision = ["card", "customer", "device", "address", "merchant"] as const;
export const windowsOfDecision = entitiesOfDecision.length * windows.length;

function counted(aggregate: WindowSpec["aggregate"], sizes: readonly number[]): WindowSpec[] {
  return sizes.map((windowMs) => ({
    name: `${aggregate}_${windowMs / hour}h`,
    windowMs,
    bucketMs: windowMs / 12,
    aggregate,
  }));
}

/** Adds one payment to its five entities at once and reads their windows. */
export async function decideOnce(store: StateStore, number: number): Promise<void> {
  const at = Date.now();
  await Promise.all(
    keysOf(number).map((key) => {
      const contribution: Contribution = {
        key,
        id: `payment-${number}`,
        at,
        windows,
        values: windows.map(({ aggregate }) =>
          aggregate === "distinct" ? `other-${number % 13}` : 10 + (number % 90) / 10,
        ),
      };
      return store.contribute(contribution);
    }),
  );
}

/** Twenty thousand customers, of which some come back often; a few hundred merchants. */
export function keysOf(number: number): string[] {
  const customer = (number * 7919) % 20_011;
  const ids = [customer, customer, customer % 15_000, customer % 9_000, number % 300];
  return entitiesOfDecision.map((entity, i) => `features/bench/acme/${entity}/${ids[i]}`);
}
