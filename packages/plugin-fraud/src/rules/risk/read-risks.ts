import type { QueryEngine } from "@ecap/sdk";
import { lakeDb, lakeFunctions, queryLake } from "@ecap/sdk/sql";
import {
  countedWords,
  type LabelTables,
  type Period,
} from "../../cases/labels/labelled-decisions.ts";
import type { Beta } from "./beta.ts";
import type { SellerKind } from "./seller-kinds.ts";
import { type ShrunkRate, shrunkRate, spreadOf } from "./shrunk-rates.ts";

type Tables = Omit<LabelTables, "decisions"> & {
  readonly decisions: LabelTables["decisions"] & {
    readonly merchant_id: string | null;
    readonly seller_id: string | null;
  };
};

const lake = lakeDb<Tables>();

/** One merchant or seller, with how its payments turned out. */
export interface SellerRisk extends ShrunkRate {
  readonly id: string;
  readonly payments: number;
  readonly frauds: number;
  readonly amount: number;
  readonly fraudAmount: number;
}

export interface SellerRisks {
  /** Most payments first; at most {@link RisksQuery.limit}. */
  readonly risks: readonly SellerRisk[];
  /** How the rates of these are spread; absent where there are none. */
  readonly spread?: Beta;
  /** The rate of one that nothing is known of. */
  readonly usual?: number;
  readonly behind?: readonly string[];
}

export interface RisksQuery extends Period {
  readonly tenant: string;
  readonly by: SellerKind;
  readonly limit: number;
  readonly signal?: AbortSignal;
}

/**
 * The fraud rates of merchants, or of sellers, over the payments of a period, each drawn towards that of all as far as its own payments are too few to
 * say. A payment nothing was heard of counts as honest.
 */
export async function readRisks(
  engine: QueryEngine,
  { by, limit, from, to, tenant, signal }: RisksQuery,
): Promise<SellerRisks> {
  const fn = lakeFunctions(engine.dialect);
  const column = `d.${by}_id` as const;
  const query = lake
    .selectFrom("decisions as d")
    .leftJoin(countedWords("payment_id").as("p"), "p.id", "d.transaction_id")
    .leftJoin(countedWords("order_id").as("o"), "o.id", "d.order_id")
    .select((eb) => {
      const isFraud = eb(eb.fn.coalesce("p.verdict", "o.verdict"), "=", "fraud");
      const amount = fn.coalesce0(eb.ref("d.amount"));
      return [
        eb.ref(column).as("id"),
        eb.fn.countAll<number>().as("payments"),
        fn.countWhere(isFraud).as("frauds"),
        fn.sum0(amount).as("amount"),
        fn.sumWhere(amount, isFraud).as("fraud_amount"),
      ];
    })
    .where((eb) => fn.inTimes(eb.ref("d.date"), eb.ref("d.event_time"), { from, to }))
    .where(column, "is not", null)
    .groupBy(column)
    .orderBy("payments", "desc")
    .orderBy("id")
    .limit(limit);
  const { rows, behind } = await queryLake(engine, query, {
    tenant,
    fresh: true,
    maxRows: limit,
    ...(signal && { signal }),
  });
  if (rows.length === 0) return { risks: [] };
  const spread = spreadOf(rows);
  return {
    risks: rows.map(({ id, payments, frauds, amount, fraud_amount: fraudAmount }) => ({
      id: id ?? "",
      payments,
      frauds,
      amount,
      fraudAmount,
      ...shrunkRate({ payments, frauds }, spread),
    })),
    spread,
    usual: spread.a / (spread.a + spread.b),
    ...(behind !== undefined && { behind }),
  };
}
