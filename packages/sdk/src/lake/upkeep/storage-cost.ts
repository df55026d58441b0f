import type { StoredBytes, TableStorage, VacuumedFiles } from "../../ports/table-maintenance.ts";
import type { FileTotals } from "../../ports/table-store.ts";
import type { StoragePrices } from "./lake-options.ts";

export type StorageTier = "hot" | "archive";

export interface TierStorage {
  readonly tier: StorageTier;
  /** Files of the newest version. */
  readonly live: FileTotals;
  /** Files kept for older versions, or for nobody until the next vacuum. */
  readonly old: VacuumedFiles;
  readonly log: VacuumedFiles;
  /** All of it. */
  readonly bytes: number;
  /** Exact decimal; absent without prices. */
  readonly costPerMonth?: string;
}

export interface TableCost {
  readonly table: string;
  readonly tiers: readonly TierStorage[];
  readonly bytes: number;
  readonly costPerMonth?: string;
}

export interface LakeStorage {
  readonly currency?: string;
  readonly tables: readonly TableCost[];
  readonly bytes: number;
  readonly costPerMonth?: string;
}

/** What each table takes and costs, and all of them. */
export function lakeStorage(
  found: ReadonlyArray<{ readonly table: string; readonly storage: TableStorage }>,
  prices: StoragePrices | undefined,
): LakeStorage {
  let whole = 0n;
  const costs = (nanos: bigint) => (prices ? { costPerMonth: decimal(nanos) } : {});
  const tables = found.map(({ table, storage }): TableCost => {
    let own = 0n;
    const tiers = tiersOf(storage).map(({ tier, stored }): TierStorage => {
      const bytes = stored.live.bytes + stored.old.bytes + stored.log.bytes;
      const nanos = prices ? cost(bytes, tier, prices) : 0n;
      own += nanos;
      return { tier, ...stored, bytes, ...costs(nanos) };
    });
    whole += own;
    return { table, tiers, bytes: sum(tiers), ...costs(own) };
  });
  return {
    ...(prices && { currency: prices.currency }),
    tables,
    bytes: sum(tables),
    ...costs(whole),
  };
}

function tiersOf({
  hot,
  archive,
}: TableStorage): ReadonlyArray<{ readonly tier: StorageTier; readonly stored: StoredBytes }> {
  return [
    { tier: "hot", stored: hot },
    ...(archive ? [{ tier: "archive" as const, stored: archive }] : []),
  ];
}

function sum(parts: ReadonlyArray<{ readonly bytes: number }>): number {
  return parts.reduce((total, { bytes }) => total + bytes, 0);
}

/** Billionths of the currency, rounded half up. A gigabyte is 2^30 bytes, as on the bills of object stores. */
function cost(bytes: number, tier: StorageTier, prices: StoragePrices): bigint {
  const price = tier === "hot" ? prices.hotPerGbMonth : prices.archivePerGbMonth;
  const nanosPerGb = BigInt(Math.round(price * 1e9));
  return (nanosPerGb * BigInt(bytes) + (1n << 29n)) >> 30n;
}

/** With six decimals, rounded half up. */
function decimal(nanos: bigint): string {
  const micros = (nanos + 500n) / 1_000n;
  return `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, "0")}`;
}
