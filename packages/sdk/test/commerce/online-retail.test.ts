import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { commerceTables, exactUnits, formatUnits, roundMoney } from "../../src/commerce/index.ts";
import { event } from "./event.ts";

const file = new URL(
  "../../../../../shared/data/online_retail/online_retail.csv.gz",
  import.meta.url,
);
const charges = new Set([
  "POST",
  "DOT",
  "M",
  "m",
  "AMAZONFEE",
  "BANK CHARGES",
  "CRUK",
  "C2",
  "D",
  "S",
]);

/** Net revenue by month, as published with the data. */
const netByMonth =
  "748957.02 560000.26 498062.65 683267.08 493207.12 723333.51 691123.12 681300.11 682680.51 1019687.62 1070704.67 1461756.25 433668.01".split(
    " ",
  );

describe.skipIf(!existsSync(file))(
  "Online Retail in the words of the catalogue (needs shared/data/online_retail)",
  () => {
    test("net revenue by month is exact, from orders, refunds, stock and bad debt", () => {
      const units = new Map<string, number>();
      const count: Record<string, number> = {};
      const add = (table: string, sign: number, type: string, data: Record<string, unknown>) => {
        const rows =
          commerceTables.find(({ name }) => name === table)?.rows(event(type, data)) ?? [];
        count[table] = (count[table] ?? 0) + rows.length;
        for (const row of rows) {
          const month = new Date(Number(row["event_time"])).toISOString().slice(0, 7);
          units.set(month, (units.get(month) ?? 0) + sign * exactUnits(row["amount"]));
        }
      };
      for (const [invoice, lines] of invoices()) {
        if (invoice.startsWith("A")) {
          for (const { price, quantity, time } of lines)
            add("adjustments", 1, "adjustment.posted", {
              amount: price * quantity,
              occurred_at: time,
            });
          continue;
        }
        const cancelled = invoice.startsWith("C");
        const sold = lines.filter(({ quantity }) => cancelled || quantity > 0);
        count["stock"] = (count["stock"] ?? 0) + lines.length - sold.length;
        expect(
          lines.filter(({ quantity, price }) => !cancelled && quantity <= 0 && price !== 0),
        ).toEqual([]);
        const products = sold.map(({ code, price, quantity, time }) => ({
          product_id: code,
          line_type: charges.has(code) ? "charge" : "product",
          price,
          quantity: cancelled ? -quantity : quantity,
          occurred_at: time,
        }));
        if (products.length === 0) continue;
        if (cancelled) add("refund_lines", -1, "refund.created", { refund_id: invoice, products });
        else add("order_lines", 1, "order.completed", { order_id: invoice, products });
      }
      expect(count).toEqual({
        order_lines: 531_282,
        refund_lines: 9288,
        adjustments: 3,
        stock: 1336,
      });
      const net = [...units]
        .toSorted(([a], [b]) => a.localeCompare(b))
        .map(([, sum]) => roundMoney(formatUnits(sum)));
      expect(net).toEqual(netByMonth);
    }, 60_000);
  },
);

interface Line {
  readonly code: string;
  readonly quantity: number;
  readonly price: number;
  readonly time: string;
}

function invoices(): ReadonlyMap<string, readonly Line[]> {
  const grouped = new Map<string, Line[]>();
  const text = gunzipSync(readFileSync(file)).toString("utf8");
  for (const row of text.split("\n").slice(1)) {
    if (row === "") continue;
    // Only the description may hold commas and quotes: the fields around it are read from both ends.
    const [invoice = "", code = ""] = row.split(",", 2);
    const [quantity, time = "", price] = row.trimEnd().split(",").slice(-5);
    const lines = grouped.get(invoice) ?? [];
    lines.push({
      code,
      quantity: Number(quantity),
      price: Number(price),
      time: `${time.replace(" ", "T")}Z`,
    });
    grouped.set(invoice, lines);
  }
  return grouped;
}
