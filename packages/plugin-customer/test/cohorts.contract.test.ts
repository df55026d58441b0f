import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { createPlatform } from "@ecap/sdk";
import { memory } from "@ecap/sdk/memory";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CustomerService, customer } from "../src/index.ts";

const dir = mkdtempSync(join(tmpdir(), "ecap-customer-"));
const objects = fsObjectStore({ dir });
const tableStore = deltaTableStore({ objects });
const queryEngine = duckdbQueryEngine({ tables: tableStore, objects });

/** customer, day, order or refund, price. */
const history = [
  ["ada", "2026-01-05", "order", "10"],
  ["ada", "2026-01-09", "order", "30"],
  ["ada", "2026-03-31", "order", "5"],
  ["bob", "2026-01-31", "order", "20"],
  ["bob", "2026-02-01", "refund", "20"],
  ["cyd", "2026-02-28", "order", "0"],
  ["cyd", "2026-03-01", "order", "7"],
  [undefined, "2026-01-01", "order", "99"],
] as const;

describe("customers in the lake", () => {
  let service: CustomerService;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const platform = await createPlatform({
      adapters: [memory(), { name: "lake", objectStore: objects, tableStore, queryEngine }],
      plugins: [customer()],
    });
    await platform.start(["sinks"]);
    service = platform.service(customer);
    stop = () => platform.stop();
    for (const [index, [name, date, kind, price]] of history.entries()) {
      const data = {
        [kind === "order" ? "order_id" : "refund_id"]: `x${index}`,
        currency: "EUR",
        products: [{ product_id: "p", price, quantity: 1 }],
      };
      const type = kind === "order" ? "order.completed" : "refund.created";
      await platform.emit({
        type,
        tenant: "default",
        time: Date.parse(`${date}T12:00:00Z`),
        actor: name === undefined ? {} : { customerId: name },
        data,
      });
    }
    await platform.drain();
  });
  afterAll(async () => {
    await stop();
    await queryEngine.close();
    await tableStore.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it("are active in a month with any line, and purchasing with one that costs something", async () => {
    const active = await service.cohorts({ tenant: "default", metric: "active" });
    expect(active.cohorts.map(({ cohort, customers }) => [cohort, customers])).toEqual([
      ["2026-01", [2, 1, 1]],
      ["2026-02", [1, 1]],
    ]);
    const purchasing = await service.cohorts({ tenant: "default", metric: "purchasing" });
    expect(
      purchasing.cohorts.map(({ cohort, customers, retention }) => [cohort, customers, retention]),
    ).toEqual([
      ["2026-01", [2, 0, 1], [1, 0, 0.5]],
      ["2026-03", [1], [1]],
    ]);
    const later = await service.cohorts({
      tenant: "default",
      metric: "active",
      from: Date.parse("2026-02-01"),
    });
    expect(later.cohorts.map(({ cohort }) => cohort)).toEqual(["2026-02"]);
  });

  it("are scored on what they ordered up to the analysis day", async () => {
    const { customers } = await service.rfm({
      tenant: "default",
      at: Date.parse("2026-03-31T09:00:00Z"),
    });
    expect(
      customers.map(({ customerId, recencyDays, frequency, amount }) => [
        customerId,
        recencyDays,
        frequency,
        Number(amount),
      ]),
    ).toEqual([
      ["ada", 0, 3, 45],
      ["bob", 59, 1, 20],
      ["cyd", 30, 2, 7],
    ]);
    const earlier = await service.rfm({ tenant: "default", at: Date.parse("2026-01-31") });
    expect(
      earlier.customers.map(({ customerId, recencyDays }) => [customerId, recencyDays]),
    ).toEqual([
      ["ada", 22],
      ["bob", 0],
    ]);
  });

  it("have their money in one currency, never added up over several", async () => {
    const { currency } = await service.rfm({ tenant: "default" });
    expect(currency).toBe("EUR");
    const dollars = await service.rfm({ tenant: "default", currency: "USD" });
    expect(dollars.customers.map(({ amount }) => amount)).toEqual(["0", "0", "0"]);
  });

  it("of another tenant do not exist", async () => {
    expect((await service.cohorts({ tenant: "other", metric: "active" })).cohorts).toEqual([]);
    expect((await service.rfm({ tenant: "other" })).customers).toEqual([]);
  });
});
