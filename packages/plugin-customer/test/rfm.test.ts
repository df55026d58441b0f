import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { quantile } from "../src/rfm/quantile.ts";
import { scoreRfm } from "../src/rfm/score.ts";

const folder = new URL("../../../../shared/data/rfm/", import.meta.url);
const rows = (file: string): string[][] =>
  readFileSync(new URL(file, folder), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));

const titles = /^(Mr|Mrs|Ms|Miss|Dr)\.? /;
const suffixes = / (Sr|Jr|I{1,3}|IV|V|MD|DDS|PhD|DVM)\.?$/;
const plain = (name: string): string =>
  name.replace(titles, "").replace(suffixes, "").toLowerCase();

describe.skipIf(!existsSync(folder))(
  "the published scores of the rfm package (skipped where ../shared/data is absent)",
  () => {
    const at = Date.parse("2006-12-31");
    const byCustomer = new Map<string, { last: number; frequency: number; cents: number }>();
    for (const [name = "", date = "", revenue = "0"] of existsSync(folder)
      ? rows("rfm_data_orders.csv")
      : []) {
      const known = byCustomer.get(name) ?? { last: 0, frequency: 0, cents: 0 };
      byCustomer.set(name, {
        last: Math.max(known.last, Date.parse(date)),
        frequency: known.frequency + 1,
        cents: known.cents + Math.round(Number(revenue) * 100),
      });
    }
    const customers = [...byCustomer].map(([customerId, { last, frequency, cents }]) => ({
      customerId,
      recencyDays: (at - last) / 86_400_000,
      frequency,
      monetary: cents / 100,
    }));
    const scored = new Map(
      scoreRfm(customers, { binning: "rfm-package" }).map((customer) => [
        plain(customer.customerId),
        customer,
      ]),
    );
    const published = existsSync(folder) ? rows("published_rfm-transaction-level-data.csv") : [];

    it("agree in recency, frequency and monetary value for 995 of 995 customers", () => {
      const equal = published.filter(([, name = "", , , orders, recency, amount]) => {
        const own = scored.get(plain(name));
        return (
          own !== undefined &&
          own.frequency === Number(orders) &&
          own.recencyDays === Number(recency) &&
          own.monetary === Number(amount)
        );
      });
      expect([equal.length, published.length]).toEqual([995, 995]);
    });

    it("agree in all three scores for 995 of 995 customers", () => {
      const equal = published.filter(([, name = "", , , , , , recency, frequency, monetary]) => {
        const own = scored.get(plain(name));
        return (
          own !== undefined &&
          own.recencyScore === Number(recency) &&
          own.frequencyScore === Number(frequency) &&
          own.monetaryScore === Number(monetary)
        );
      });
      expect([equal.length, published.length]).toEqual([995, 995]);
    });
  },
);

describe("scoring", () => {
  it("takes quantiles by linear interpolation (type 7)", () => {
    expect(quantile([1, 2, 3, 4], 0.4)).toBeCloseTo(2.2, 12);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it("gives equal values equal scores and the most recent customer the highest", () => {
    const scored = scoreRfm([
      { recencyDays: 1, frequency: 1, monetary: 10 },
      { recencyDays: 50, frequency: 1, monetary: 10 },
      { recencyDays: 100, frequency: 9, monetary: 99 },
    ]);
    expect(scored.map(({ recencyScore }) => recencyScore)).toEqual([5, 3, 1]);
    expect(scored[0]?.frequencyScore).toBe(scored[1]?.frequencyScore);
  });
});
