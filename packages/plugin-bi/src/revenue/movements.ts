import type { Grain, Query, QueryEngine, QueryProvenance } from "@ecap/sdk";
import { jointProvenance, type LakeFunctions, lakeFunctions, queryLake } from "@ecap/sdk/sql";
import type { AliasableExpression } from "kysely";
import type { Period } from "../contract.ts";
import { lake } from "../lake-tables.ts";

/** What one table says of one bucket in one currency; the rest is 0. */
export interface Movement {
  readonly key: string | null;
  readonly currency: string | null;
  readonly gross: string;
  readonly refunded: string;
  readonly adjustments: string;
  readonly orders: number;
  readonly units: number;
  readonly name?: string | null;
}

export interface Movements extends QueryProvenance {
  readonly movements: readonly Movement[];
}

/** What movements are put in buckets by: a span of time, a column, or nothing, which is one bucket. */
export type Bucketing =
  | { readonly grain: Grain }
  | { readonly column: "country" | "channel" | "product_id" }
  | { readonly all: true };

export interface MovementQuestion extends Period {
  readonly by: Bucketing;
  /** Lines of products only, with their names; then adjustments do not count. */
  readonly productsOnly?: boolean;
}

/** Sales, refunds and adjustments of a period, by bucket and currency: all that was accepted, or what another answer was read from. */
export async function queryMovements(
  engine: QueryEngine,
  question: MovementQuestion,
  reads: Query["tables"] = {},
): Promise<Movements> {
  const fn = lakeFunctions(engine.dialect);
  const options = { tenant: question.tenant, fresh: true, reads };
  const [sales, refunds, adjustments] = await Promise.all([
    queryLake(engine, salesQuery(question, fn), options),
    queryLake(engine, refundsQuery(question, fn), options),
    question.productsOnly === true
      ? undefined
      : queryLake(engine, adjustmentsQuery(question, fn), options),
  ]);
  const answers = [sales, refunds, ...(adjustments === undefined ? [] : [adjustments])];
  const none = { gross: "0", refunded: "0", adjustments: "0", orders: 0, units: 0 };
  return {
    movements: [
      ...sales.rows.map((row) => ({ ...none, ...row })),
      ...refunds.rows.map((row) => ({ ...none, ...row })),
      ...(adjustments?.rows ?? []).map((row) => ({ ...none, ...row })),
    ],
    ...jointProvenance(answers),
  };
}

function salesQuery({ by, productsOnly, ...period }: MovementQuestion, fn: LakeFunctions) {
  return lake
    .selectFrom("order_lines")
    .where((eb) => fn.inTimes(eb.ref("date"), eb.ref("event_time"), period))
    .$if(productsOnly === true, (query) => query.where("line_type", "=", "product"))
    .select((eb) => [
      keyOf(by, fn, eb.ref("event_time"), (column) => eb.ref(column)).as("key"),
      "currency",
      fn.sum0(eb.ref("amount")).as("gross"),
      fn.countDistinct(eb.ref("order_id")).as("orders"),
      fn.sumWhere(eb.ref("quantity"), eb("line_type", "=", "product")).as("units"),
      fn.lastBy(eb.ref("name"), eb.ref("event_time")).as("name"),
    ])
    .groupBy(["key", "currency"]);
}

function refundsQuery({ by, productsOnly, basis, ...period }: MovementQuestion, fn: LakeFunctions) {
  return lake
    .selectFrom((basis === "order_date" ? refundsAtOrderDate : refundsAtOwnDate).as("refunds"))
    .where((eb) => fn.inTimes(fn.toDate(eb.ref("event_time")), eb.ref("event_time"), period))
    .$if(productsOnly === true, (query) => query.where("line_type", "=", "product"))
    .select((eb) => [
      keyOf(by, fn, eb.ref("event_time"), (column) => eb.ref(column)).as("key"),
      "currency",
      fn.sum0(eb.ref("amount")).as("refunded"),
    ])
    .groupBy(["key", "currency"]);
}

const refundColumns = [
  "r.currency",
  "r.country",
  "r.channel",
  "r.product_id",
  "r.amount",
  "r.line_type",
] as const;

const refundsAtOwnDate = lake
  .selectFrom("refund_lines as r")
  .select(["r.event_time", ...refundColumns]);

const orderDates = lake
  .selectFrom("order_lines")
  .where("order_id", "is not", null)
  .groupBy("order_id")
  .select((eb) => ["order_id", eb.fn.min("event_time").as("ordered_at")]);

/** A refund whose order is not known stays where it is. */
const refundsAtOrderDate = lake
  .selectFrom("refund_lines as r")
  .leftJoin(orderDates.as("o"), "o.order_id", "r.order_id")
  .select((eb) => [
    eb.fn.coalesce("o.ordered_at", "r.event_time").as("event_time"),
    ...refundColumns,
  ]);

/** Money without goods has a time and nothing else to be told apart by. */
function adjustmentsQuery({ by, ...period }: MovementQuestion, fn: LakeFunctions) {
  return lake
    .selectFrom("adjustments")
    .where((eb) => fn.inTimes(eb.ref("date"), eb.ref("event_time"), period))
    .select((eb) => [
      keyOf(by, fn, eb.ref("event_time"), () => fn.nothing()).as("key"),
      "currency",
      fn.sum0(eb.ref("amount")).as("adjustments"),
    ])
    .groupBy(["key", "currency"]);
}

type Key = AliasableExpression<string | null>;

function keyOf(
  by: Bucketing,
  fn: LakeFunctions,
  time: AliasableExpression<string>,
  ref: (column: "country" | "channel" | "product_id") => Key,
): Key {
  if ("grain" in by) return fn.truncDate(by.grain, time);
  return "column" in by ? ref(by.column) : fn.nothing();
}
