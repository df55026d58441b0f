import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { createPlatform, type Platform } from "@ecap/sdk";
import { memory } from "@ecap/sdk/memory";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type BiService, bi, type RevenueFigures } from "../src/index.ts";

const dir = mkdtempSync(join(tmpdir(), "ecap-bi-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let folders = 0;
async function lakePlatform(): Promise<{
  platform: Platform;
  service: BiService;
  readonly close: () => Promise<void>;
}> {
  folders += 1;
  const objects = fsObjectStore({ dir: join(dir, String(folders)) });
  const tableStore = deltaTableStore({ objects });
  const queryEngine = duckdbQueryEngine({ tables: tableStore, objects });
  const adapters = [memory(), { name: "lake", objectStore: objects, tableStore, queryEngine }];
  const platform = await createPlatform({ adapters, plugins: [bi()] });
  await platform.start(["sinks"]);
  return {
    platform,
    service: platform.service(bi),
    async close() {
      await platform.stop();
      await queryEngine.close();
      await tableStore.close();
    },
  };
}

const day = 86_400_000;
const start = Date.parse("2026-01-30T00:00:00Z");
const period = { tenant: "default", from: start, to: start + 5 * day };

interface Sale {
  readonly id: number;
  readonly at: number;
  readonly country: "DE" | "FR";
  readonly lines: ReadonlyArray<{
    readonly product: "p1" | "p2" | "POST";
    readonly quantity: number;
    readonly cents: number;
  }>;
  /** Days after the sale that all of it was given back. */
  readonly refundedAfter: number | undefined;
}

const sale: fc.Arbitrary<Sale> = fc.record({
  id: fc.integer({ min: 0, max: 1_000_000 }),
  at: fc.integer({ min: 0, max: 3 * day - 1 }),
  country: fc.constantFrom("DE" as const, "FR" as const),
  lines: fc.array(
    fc.record({
      product: fc.constantFrom("p1" as const, "p2" as const, "POST" as const),
      quantity: fc.integer({ min: 1, max: 9 }),
      cents: fc.integer({ min: 1, max: 999_999 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  refundedAfter: fc.option(fc.integer({ min: 0, max: 1 }), { nil: undefined }),
});
const sales = fc.uniqueArray(sale, { selector: ({ id }) => id, minLength: 1, maxLength: 12 });

function amountOf({ lines }: Sale): bigint {
  return lines.reduce((sum, { quantity, cents }) => sum + BigInt(quantity * cents), 0n);
}

function money(cents: bigint): string {
  const digits = (cents < 0n ? -cents : cents).toString().padStart(3, "0");
  return `${cents < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

async function send(platform: Platform, sold: readonly Sale[]): Promise<void> {
  for (const { id, at, country, lines, refundedAfter } of sold) {
    const products = lines.map(({ product, quantity, cents }) => ({
      product_id: product,
      quantity,
      price: money(BigInt(cents)),
      ...(product === "POST" && { line_type: "charge" }),
    }));
    const shared = { tenant: "default", context: { geo: { country } } };
    await platform.emit({
      ...shared,
      type: "order.completed",
      time: start + at,
      data: { order_id: `o${id}`, currency: "EUR", products },
    });
    if (refundedAfter === undefined) continue;
    const data = { refund_id: `r${id}`, order_id: `o${id}`, currency: "EUR", products };
    await platform.emit({
      ...shared,
      type: "refund.created",
      time: start + at + refundedAfter * day,
      data,
    });
  }
  await platform.drain();
}

const net = ({ net: amount }: RevenueFigures): string => amount;

function add(totals: Map<string, bigint>, key: string, amount: bigint): void {
  totals.set(key, (totals.get(key) ?? 0n) + amount);
}

describe("revenue", () => {
  it("is what adding up by hand gives: by day, by country, by product, on either refund basis", async () => {
    await fc.assert(
      fc.asyncProperty(sales, async (sold) => {
        const { platform, service, close } = await lakePlatform();
        try {
          await send(platform, sold);
          const byDay = new Map<string, bigint>();
          const byOrderDay = new Map<string, bigint>();
          const byCountry = new Map<string, bigint>();
          const units = new Map<string, number>();
          const dayOf = (time: number): string => new Date(start + time).toISOString().slice(0, 10);
          for (const entry of sold) {
            const { at, country, refundedAfter, lines } = entry;
            const amount = amountOf(entry);
            const kept = refundedAfter === undefined ? amount : 0n;
            add(byDay, dayOf(at), amount);
            if (refundedAfter !== undefined) add(byDay, dayOf(at + refundedAfter * day), -amount);
            add(byOrderDay, dayOf(at), kept);
            add(byCountry, country, kept);
            for (const { product, quantity } of lines)
              if (product !== "POST") units.set(product, (units.get(product) ?? 0) + quantity);
          }
          const expected = (totals: Map<string, bigint>): Record<string, string> =>
            Object.fromEntries([...totals].map(([key, cents]) => [key, money(cents)]));

          const series = await service.revenue({ ...period, grain: "day" });
          expect(
            Object.fromEntries(series.points.map((point) => [point.start, net(point)])),
          ).toEqual(expected(byDay));
          expect(series.total.orders).toBe(sold.length);
          expect(series.total.net).toBe(
            money([...byDay.values()].reduce((sum, cents) => sum + cents, 0n)),
          );
          expect(series.currency).toBe("EUR");
          const restated = await service.revenue({ ...period, grain: "day", basis: "order_date" });
          expect(
            Object.fromEntries(restated.points.map((point) => [point.start, net(point)])),
          ).toEqual(expected(byOrderDay));
          const countries = await service.breakdown({ ...period, by: "country" });
          expect(Object.fromEntries(countries.rows.map((row) => [row.value, net(row)]))).toEqual(
            expected(byCountry),
          );
          const products = await service.topProducts(period);
          expect(
            Object.fromEntries(products.rows.map(({ value, units: sum }) => [value, sum])),
          ).toEqual(Object.fromEntries(units));
        } finally {
          await close();
        }
      }),
      { numRuns: 6 },
    );
  }, 60_000);

  it("never adds currencies up, says which it left out, counts adjustments, and sees one tenant only", async () => {
    const { platform, service, close } = await lakePlatform();
    const order = (order_id: string, currency: string, price: string, tenant = "default") =>
      platform.emit({
        type: "order.completed",
        tenant,
        time: start,
        data: { order_id, currency, products: [{ product_id: "p", price, quantity: 1 }] },
      });
    try {
      await order("o1", "EUR", "100");
      await order("o2", "USD", "30.005");
      await order("o3", "EUR", "7", "other");
      await platform.emit({
        type: "adjustment.posted",
        tenant: "default",
        time: start,
        data: { amount: "-12.5", currency: "EUR", reason: "bad debt" },
      });
      await platform.drain();
      const euros = await service.revenue({ ...period, grain: "month" });
      expect(euros.points).toMatchObject([
        { start: "2026-01-01", gross: "100.00", adjustments: "-12.50", net: "87.50", orders: 1 },
      ]);
      expect([euros.currency, euros.otherCurrencies]).toEqual(["EUR", ["USD"]]);
      const dollars = await service.revenue({ ...period, grain: "week", currency: "USD" });
      expect(dollars.points).toMatchObject([
        { start: "2026-01-26", net: "30.005", averageOrderValue: "30.01" },
      ]);
      const nothing = await service.revenue({ ...period, tenant: "nobody", grain: "hour" });
      expect([nothing.points, nothing.currency, nothing.total.net]).toEqual([
        [],
        undefined,
        "0.00",
      ]);
    } finally {
      await close();
    }
  }, 30_000);
});
