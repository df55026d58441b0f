import type { Query, QueryEngine } from "@ecap/sdk";
import { expect, test } from "vitest";
import type { BacktestRow } from "../../src/rules/backtest/backtest-row.ts";
import { recordedDecisions } from "../../src/rules/backtest/recorded-decisions.ts";

const from = Date.UTC(2026, 2, 3);
const period = { tenant: "t", from, to: from + 3_600_000 };

type Rows = ReadonlyArray<Readonly<Record<string, unknown>>>;

/** An engine that has these tables, and what it was asked. */
function engineOf(tables: Readonly<Record<string, Rows>>, behind?: readonly string[]) {
  const asked: Query[] = [];
  const engine = {
    dialect: "duckdb",
    async query(query: Query) {
      asked.push(query);
      const [table = ""] = Object.keys(query.tables ?? {});
      const mine = behind?.includes(table) === true ? { behind: [table] } : {};
      return {
        rows: table === "labels" ? words(tables[table] ?? [], query.sql) : (tables[table] ?? []),
        asOf: from,
        versions: {},
        reads: {},
        columns: [],
        ...mine,
      };
    },
  } as unknown as QueryEngine;
  return { engine, asked };
}

/** The words that count on each payment, or on each order of those that name no payment: one question each. */
function words(labels: Rows, sql: string): Rows {
  const ofPayments = sql.includes('"payment_id" as "id"');
  return labels
    .filter(({ payment_id }) => (payment_id !== null) === ofPayments)
    .map(({ payment_id, order_id, fraud }) => ({
      id: ofPayments ? payment_id : order_id,
      verdict: fraud === true ? "fraud" : "legitimate",
    }));
}

const decisionOf = (id: string, order: string | null) => ({
  event_time: new Date(from).toISOString(),
  arrival_time: new Date(from).toISOString(),
  transaction_id: id,
  order_id: order,
  customer_id: null,
  amount: 5,
  currency: null,
  country: null,
  model_score: null,
  features: null,
  facts: null,
  rules_version: null,
  rules_hash: null,
  shadows: null,
});
const label = (payment: string | null, order: string | null, fraud: boolean) => ({
  payment_id: payment,
  order_id: order,
  fraud,
});
const chargeback = (
  payment: string | null,
  order: string | null,
  reason: string | null = null,
) => ({
  payment_id: payment,
  order_id: order,
  reason,
});

async function all(rows: AsyncIterable<BacktestRow>): Promise<readonly BacktestRow[]> {
  const read: BacktestRow[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

test.each([
  ["nothing is known of it", [], [], undefined],
  ["a chargeback of the payment", [], [chargeback("p", "other")], true],
  ["a chargeback that names the order alone", [], [chargeback(null, "o")], true],
  ["a chargeback of another payment of the order", [], [chargeback("q", "o")], undefined],
  [
    "a label of the order before a chargeback of the payment",
    [label(null, "o", false)],
    [chargeback("p", "o")],
    false,
  ],
  [
    "a label of the payment before one of the order",
    [label("p", "o", true), label(null, "o", false)],
    [],
    true,
  ],
  [
    "a label of the order before a chargeback of the order",
    [label(null, "o", false)],
    [chargeback(null, "o")],
    false,
  ],
  ["a chargeback that says nothing of fraud", [], [chargeback("p", "o", "duplicate")], undefined],
])("fraud by what is known: %s", async (_, labels, payments, fraud) => {
  const { engine } = engineOf({ decisions: [decisionOf("p", "o")], labels, payments });
  const [row] = await all(recordedDecisions(engine, period).rows);
  expect(row?.fraud).toBe(fraud);
});

test("a payment without an order is none of a chargeback's that names an order alone", async () => {
  const payments = [chargeback(null, "o")];
  const { engine } = engineOf({ decisions: [decisionOf("p", null)], labels: [], payments });
  const [row] = await all(recordedDecisions(engine, period).rows);
  expect(row?.fraud).toBeUndefined();
});

test("every question can be ended by the caller, and says which tables are behind", async () => {
  const { engine, asked } = engineOf({ decisions: [decisionOf("p", "o")] }, [
    "decisions",
    "labels",
  ]);
  const { signal } = new AbortController();
  const recorded = recordedDecisions(engine, { ...period, signal });
  await all(recorded.rows);
  expect(asked.flatMap(({ tables }) => Object.keys(tables ?? {}).slice(0, 1)).toSorted()).toEqual([
    "decisions",
    "labels",
    "labels",
    "payments",
  ]);
  expect(asked.every((query) => query.signal === signal)).toBe(true);
  expect([...recorded.behind].toSorted()).toEqual(["decisions", "labels"]);
});
