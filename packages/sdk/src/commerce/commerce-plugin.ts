import { z } from "zod";
import { EcapError } from "../errors/ecap-error.ts";
import { definePlugin } from "../plugin/define-plugin.ts";
import type { DataSubject } from "../plugin/personal-data.ts";
import type { QueryEngine, ResultRow } from "../ports/query-engine.ts";
import { createCommerceEvents } from "./catalogue.ts";
import { commerceTables } from "./tables/commerce-tables.ts";

export interface CommerceService {
  /** Everything the lake's customer-bound tables hold about a person, by table. */
  exportPerson(subject: DataSubject): Promise<Readonly<Record<string, readonly ResultRow[]>>>;
}

const tablesOfPeople = commerceTables
  .filter(({ columns }) => columns.some(({ name }) => name === "customer_id"))
  .map(({ name }) => name);

/** The whole e-commerce catalogue with its lake tables. The other plugins bring what they read themselves; with this one everything else is taken too. */
export const commerce = definePlugin({
  name: "commerce",
  version: "0.1.0",
  sdk: "0.x",
  options: z.strictObject({}).optional(),
  events: { produces: createCommerceEvents() },
  tables: commerceTables,
  personalData: {
    holds: [
      {
        what: "events as received",
        where: "topics transactions, user-events, customer-analytics and their bronze tables",
        fields: ["customer id", "device ids", "IP address", "traits", "what was viewed and bought"],
        purpose: "analytics of the shop",
        retention: "as configured for the topics and tables",
      },
      {
        what: "orders, payments, visits and traits",
        where: `tables ${tablesOfPeople.join(", ")}`,
        fields: ["customer_id", "anonymous_id", "email", "name"],
        purpose: "analytics of the shop",
        retention: "with the tables",
      },
    ],
    export: (service: CommerceService, subject) => service.exportPerson(subject),
    // A wrong "erased" would be worse than none: rows leave the lake only by a delete, which the table store does not have yet.
    erase: async () => {
      throw new EcapError(
        "ECAP_TABLE_UNSUPPORTED",
        "the rows of a person cannot be erased from the lake yet",
      );
    },
  },
  setup(ctx): CommerceService {
    return {
      async exportPerson(subject) {
        const { customerId } = subject;
        if (customerId === undefined) return {};
        const engine = ctx.port("queryEngine");
        const found = await Promise.all(
          tablesOfPeople.map(
            async (table) =>
              [table, await rowsOf(engine, table, subject.tenant, customerId)] as const,
          ),
        );
        return Object.fromEntries(found.filter(([, rows]) => rows.length > 0));
      },
    };
  },
});

async function rowsOf(
  engine: QueryEngine,
  table: string,
  tenant: string,
  customerId: string,
): Promise<readonly ResultRow[]> {
  const { rows } = await engine.query({
    sql: `select * from ${table} where customer_id = $1`,
    parameters: [customerId],
    tenant,
    tables: { [table]: {} },
  });
  return rows;
}
