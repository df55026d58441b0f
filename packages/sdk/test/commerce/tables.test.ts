import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addMoney, commerceEvents, commerceTables } from "../../src/commerce/index.ts";
import type { EventEnvelope } from "../../src/events/envelope.ts";
import { lakeTableSchema } from "../../src/lake/lake-table.ts";
import { event } from "./event.ts";

function rows(table: string, from: EventEnvelope) {
  return (
    commerceTables.find(({ name }) => name === table)?.rows(from) ?? expect.fail(`no ${table}`)
  );
}

test("tables have their own names, columns once each, and events of the catalogue", () => {
  const names = commerceTables.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const table of commerceTables) {
    const columns = lakeTableSchema(table).columns.map(({ name }) => name);
    expect(new Set(columns).size, table.name).toBe(columns.length);
    for (const { topic, types } of table.from)
      for (const type of types)
        expect(
          commerceEvents.find((definition) => definition.type === type)?.topic,
          `${table.name} ${type}`,
        ).toBe(topic);
  }
});

test("every row has exactly its table's columns, whatever little the event says", () => {
  for (const table of commerceTables) {
    const columns = table.columns.map(({ name }) => name);
    for (const { types } of table.from)
      for (const type of types) {
        const minimal = event(
          type,
          { product_id: "p", amount: "1", subtotal: "1", fraud: true },
          { context: { page: { url: "https://a.example" } } },
        );
        const made = table.rows(minimal);
        expect(made, `${table.name} ${type}`).toHaveLength(1);
        for (const { event_time: _time, ...cells } of made)
          expect(new Set(Object.keys(cells))).toEqual(new Set(columns));
        for (const { name, nullable } of table.columns)
          if (nullable === false) expect(made[0]?.[name], `${table.name}.${name}`).not.toBeNull();
      }
  }
});

describe("order lines", () => {
  const price = fc.integer({ min: 0, max: 1_000_000 }).map((cents) => cents / 100);
  const line = fc.record({
    product_id: fc.string({ minLength: 1 }),
    price,
    quantity: fc.integer({ min: 1, max: 50 }),
  });

  test("sum to the subtotal exactly, discounts and orders without lines included", () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 5 }),
        fc.option(price, { nil: undefined }),
        fc.option(price, { nil: undefined }),
        (products, discount, subtotal) => {
          const order = event("order.completed", { order_id: "1", products, discount, subtotal });
          const sum = rows("order_lines", order).reduce(
            (total, row) => addMoney(total, String(row["amount"])),
            "0",
          );
          expect(addMoney(sum, "0")).toBe(order.data["subtotal"] ?? "0");
        },
      ),
    );
  });

  test("keep their kind, their own time and exact amounts", () => {
    const order = event("order.completed", {
      order_id: "1",
      country: "United Kingdom",
      currency: "GBP",
      products: [
        { product_id: "85123A", price: "2.555", quantity: 7, occurred_at: "2010-12-01T08:26:00Z" },
        { product_id: "POST", line_type: "charge", price: 18, quantity: 1 },
        { product_id: "big", price: "99999999.99", quantity: 123_456 },
        { product_id: "weighed", price: "3.33", quantity: "0.375" },
      ],
    });
    const made = rows("order_lines", order);
    expect(made.map((row) => row["amount"])).toEqual([
      "17.8850",
      "18",
      "12345599998765.4400",
      "1.2488",
    ]);
    expect(made.map((row) => row["line_type"])).toEqual([
      "product",
      "charge",
      "product",
      "product",
    ]);
    expect(made.map((row) => row["event_time"])).toEqual([
      Date.UTC(2010, 11, 1, 8, 26),
      undefined,
      undefined,
      undefined,
    ]);
    expect(made[0]).toMatchObject({
      order_id: "1",
      line_number: 0,
      customer_id: "c1",
      country: "United Kingdom",
      currency: "GBP",
      price: "2.5550",
    });
  });

  test("a line whose time cannot be read counts at its event's, with a warning", () => {
    const data = {
      order_id: "1",
      products: [
        { product_id: "a", price: 1, occurred_at: "31/12/2010" },
        { product_id: "b", price: 1, occurred_at: "0001-01-01" },
      ],
    };
    const made = rows("order_lines", event("order.completed", data));
    expect(made.map((row) => row["event_time"])).toEqual([undefined, undefined]);
    const definition = commerceEvents.find(({ type }) => type === "order.completed");
    expect(definition?.normalise?.(data).warnings).toEqual([
      "products/0/occurred_at is no time: the line counts at the event's",
    ]);
  });

  test("an order's discount is a line of its own", () => {
    const made = rows(
      "order_lines",
      event("order.completed", {
        order_id: "1",
        subtotal: 22.5,
        products: [{ product_id: "a", price: 25 }],
      }),
    );
    expect(made.map((row) => [row["line_type"], row["quantity"], row["amount"]])).toEqual([
      ["product", 1, "25"],
      ["discount", 0, "-2.5000"],
    ]);
  });
});

test("a refund without an order counts at its lines' own times, in positive amounts", () => {
  const refund = event("refund.created", {
    refund_id: "C536379",
    products: [{ product_id: "D", price: 27.5, quantity: 1, occurred_at: "2010-12-01T09:41:00Z" }],
  });
  expect(rows("refunds", refund)[0]).toMatchObject({
    refund_id: "C536379",
    order_id: null,
    kind: "refund",
    amount: "27.5000",
    total: "27.5000",
  });
  expect(rows("refund_lines", refund)).toMatchObject([
    { refund_id: "C536379", amount: "27.5000", quantity: 1, customer_id: "c1" },
  ]);
});

test("a cancelled order is refunded whole", () => {
  const cancelled = event("order.cancelled", { order_id: "1", total: 30, tax: 2, shipping: 3 });
  expect(rows("refunds", cancelled)[0]).toMatchObject({
    kind: "cancellation",
    amount: "25",
    total: "30",
  });
});

test("bad debt is an adjustment of either sign", () => {
  expect(
    rows(
      "adjustments",
      event("adjustment.posted", { amount: -11_062.06, occurred_at: "2011-08-12T14:51:00Z" }),
    )[0],
  ).toMatchObject({
    amount: "-11062.0600",
    event_time: Date.UTC(2011, 7, 12, 14, 51),
  });
});

test("a touch is a visit from outside", () => {
  const url = "https://shop.example/a";
  const campaign = { source: "google", medium: "cpc", name: "brand" };
  expect(
    rows("touchpoints", event("page.viewed", {}, { context: { page: { url }, campaign } }))[0],
  ).toMatchObject({
    channel: "paid_search",
    campaign: "brand",
  });
  expect(
    rows(
      "touchpoints",
      event(
        "page.viewed",
        {},
        { context: { page: { url, referrer: "https://shop.example/" }, campaign } },
      ),
    ),
  ).toEqual([]);
});
