import { expect, test } from "vitest";
import { commerce, commerceTables } from "../../src/commerce/index.ts";
import type { Query, QueryResult } from "../../src/ports/query-engine.ts";

test("contributes the catalogue and its tables, and says what it keeps about people", () => {
  const { definition } = commerce({ currency: "GBP" });
  expect(definition.tables).toBe(commerceTables);
  const order = definition.events?.consumes?.find(({ type }) => type === "order.completed");
  expect(order?.normalise?.({ order_id: "1", total: 1 }).data).toMatchObject({ currency: "GBP" });
  const holds = definition.personalData === "none" ? [] : definition.personalData.holds;
  expect(holds.map(({ where }) => where)).toContain("table customers");
  expect(holds.find(({ where }) => where === "table customers")?.fields).toContain("email");
});

test("hands out a person's rows by table, of their tenant only", async () => {
  const { definition } = commerce();
  const queries: Query[] = [];
  const engine = {
    query(query: Query): Promise<QueryResult> {
      queries.push(query);
      return Promise.resolve({
        columns: [],
        rows: [{ customer_id: "c1" }],
        versions: {},
        reads: {},
        asOf: 0,
      });
    },
  };
  if (definition.personalData === "none") expect.fail("it keeps personal data");
  const exported = await definition.personalData.export(
    { engine: () => engine },
    { tenant: "acme", customerId: "c1" },
  );
  expect(exported).toMatchObject({
    orders: [{ customer_id: "c1" }],
    customers: [{ customer_id: "c1" }],
  });
  expect(
    queries.every(({ tenant, parameters }) => tenant === "acme" && parameters?.[0] === "c1"),
  ).toBe(true);
  await expect(
    definition.personalData.erase({ engine: () => engine }, { tenant: "acme", customerId: "c1" }),
  ).rejects.toMatchObject({ code: "ECAP_ERASURE_UNSUPPORTED" });
});
