import type { QueryEngine } from "@ecap/sdk";
import { lakeDb, lakeFunctions } from "@ecap/sdk/sql";

/** Tables of the lake as far as labels and what is counted of them need them. */
export interface LabelTables {
  readonly decisions: {
    readonly date: string;
    readonly event_id: string;
    readonly event_time: string;
    readonly transaction_id: string;
    readonly order_id: string | null;
    readonly customer_id: string | null;
    readonly card_id: string | null;
    readonly device_id: string | null;
    readonly email_key: string | null;
    readonly phone_key: string | null;
    readonly ip: string | null;
    readonly country: string | null;
    readonly outcome: string;
    readonly score: number;
    readonly model_score: number | null;
    readonly amount: number | null;
    readonly currency: string | null;
    readonly reason_codes: string | null;
  };
  readonly labels: {
    readonly date: string;
    readonly event_id: string;
    readonly event_time: string;
    readonly payment_id: string | null;
    readonly order_id: string | null;
    readonly fraud: boolean;
    readonly source: string | null;
    readonly verdict: string | null;
    readonly labelled_by: string | null;
  };
}

const lake = lakeDb<LabelTables>();

/** Outcomes that hold a payment back. */
export const stopping = ["review", "decline"] as const;

export interface Period {
  /** Epoch milliseconds, `to` exclusive. */
  readonly from: number;
  readonly to: number;
}

/** The newest word of each voice on each payment (or, of those that name no payment, on each order). */
export function newestWords(key: "payment_id" | "order_id") {
  return lake
    .selectFrom((from) =>
      from
        .selectFrom("labels")
        .select((eb) => [
          eb.ref(key).as("id"),
          "date",
          "event_time as known_at",
          "labelled_by",
          eb
            .case()
            .when("source", "in", ["analyst", "bank"])
            .then(eb.ref("source"))
            .else("other")
            .end()
            .as("voice"),
          // Rows from before there were verdicts have none.
          eb
            .case()
            .when("verdict", "is not", null)
            .then(eb.ref("verdict"))
            .when("fraud", "=", true)
            .then("fraud")
            .else("legitimate")
            .end()
            .as("verdict"),
          "event_id",
        ])
        .where(key, "is not", null)
        .$if(key === "order_id", (q) => q.where("payment_id", "is", null))
        .as("word"),
    )
    .select((eb) => [
      "id",
      "date",
      "known_at",
      "labelled_by",
      "voice",
      "verdict",
      eb.fn
        .agg<number>("row_number")
        .over((over) =>
          over.partitionBy(["id", "voice"]).orderBy("known_at", "desc").orderBy("event_id", "desc"),
        )
        .as("nth"),
    ]);
}

/** What counts of the words on each payment (or order): see `wordThatCounts`, whose rule this is in SQL. */
export function countedWords(key: "payment_id" | "order_id") {
  return lake
    .selectFrom((from) =>
      from
        .selectFrom(newestWords(key).as("newest"))
        .select((eb) => [
          "id",
          "known_at",
          "labelled_by",
          "voice",
          "verdict",
          eb.fn
            .agg<number>("row_number")
            .over((over) =>
              over
                .partitionBy("id")
                .orderBy("known_at", "desc")
                .orderBy((order) =>
                  order
                    .case()
                    .when("voice", "=", "bank")
                    .then(0)
                    .when("voice", "=", "analyst")
                    .then(1)
                    .else(2)
                    .end(),
                ),
            )
            .as("rank"),
        ])
        .where("nth", "=", 1)
        .where("verdict", "!=", "unsure")
        .as("said"),
    )
    .select(["id", "known_at", "labelled_by", "voice", "verdict"])
    .where("rank", "=", 1);
}

/** Decisions of payments of the period, each with what is known of it; null where nothing is. */
export function labelledDecisions(engine: QueryEngine, period: Period) {
  const fn = lakeFunctions(engine.dialect);
  return lake
    .selectFrom("decisions as d")
    .leftJoin(countedWords("payment_id").as("p"), "p.id", "d.transaction_id")
    .leftJoin(countedWords("order_id").as("o"), "o.id", "d.order_id")
    .select((eb) => [
      "d.event_id",
      "d.event_time",
      "d.transaction_id",
      "d.order_id",
      "d.outcome",
      "d.score",
      "d.model_score",
      "d.currency",
      "d.reason_codes",
      eb.fn.coalesce("d.amount", eb.val(0)).as("amount"),
      eb("d.outcome", "in", [...stopping]).as("stopped"),
      eb.fn.coalesce("p.verdict", "o.verdict").as("verdict"),
      eb.fn.coalesce("p.known_at", "o.known_at").as("known_at"),
      eb.fn.coalesce("p.voice", "o.voice").as("voice"),
      eb.fn.coalesce("p.labelled_by", "o.labelled_by").as("labelled_by"),
    ])
    .where((eb) => fn.inTimes(eb.ref("d.date"), eb.ref("d.event_time"), period));
}

export { lake };
