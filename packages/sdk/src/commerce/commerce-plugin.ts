import { EcapError } from "../errors/ecap-error.ts";
import { definePlugin, type Plugin } from "../plugin/define-plugin.ts";
import type { DataSubject } from "../plugin/personal-data.ts";
import type { QueryEngine, ResultRow } from "../ports/query-engine.ts";
import { createCommerceEvents } from "./catalogue.ts";
import type { CommerceOptions } from "./normalise.ts";
import { productsTopology } from "./products-topology.ts";
import { commerceCategoryFields, commerceQualityRules } from "./quality-rules.ts";
import { commerceTables } from "./tables/commerce-tables.ts";

/** Reads what the lake holds; absent engines are asked for when needed. */
export interface CommerceService {
  readonly engine: () => QueryEngine;
}

/** Tables with rows about people. */
const personal = commerceTables.filter(({ columns }) =>
  columns.some(({ name }) => name === "customer_id"),
);

/** Topics that events of people go to. */
const topics = [...new Set(createCommerceEvents().map(({ topic }) => topic))].toSorted();

/** The e-commerce catalogue and its tables as a plugin, for the platform to register and to fill. */
export function commerce(options: CommerceOptions = {}): Plugin<CommerceService> {
  return definePlugin({
    name: "commerce",
    version: "0.1.0",
    sdk: "0.x",
    events: { consumes: createCommerceEvents(options) },
    tables: commerceTables,
    topologies: () => [productsTopology],
    qualityRules: commerceQualityRules,
    categoryFields: commerceCategoryFields,
    personalData: {
      holds: [
        {
          what: "Events as they were received, also those that were refused",
          where: `topics ${topics.join(", ")}, their dead letters and bronze tables`,
          fields: ["customer and device ids", "IP address", "traits", "what was viewed and bought"],
          purpose: "analytics of the shop",
          retention: "as set for the topic; without a setting, kept",
        },
        ...personal.map(({ name, description, columns }) => ({
          what: description,
          where: `table ${name}`,
          fields: columns.map((column) => column.name).filter((field) => identifying.has(field)),
          purpose: "analytics of the shop",
          retention: "with the table",
        })),
      ],
      export: exportRows,
      // Without a way to delete rows, saying 0 would be untrue.
      erase: () =>
        Promise.reject(
          new EcapError(
            "ECAP_ERASURE_UNSUPPORTED",
            "rows of the lake's commerce tables cannot be erased one person at a time yet",
          ),
        ),
    },
    setup: (ctx): CommerceService => ({ engine: () => ctx.port("queryEngine") }),
  })();
}

const identifying = new Set([
  "ip",
  "customer_id",
  "anonymous_id",
  "session_id",
  "device_id",
  "email",
  "name",
  "phone",
  "country",
  "city",
  "card_id",
]);

/** The person's rows by table. */
async function exportRows(
  { engine }: CommerceService,
  { tenant, customerId, anonymousId }: DataSubject,
): Promise<Readonly<Record<string, readonly ResultRow[]>>> {
  const ids = [customerId, anonymousId];
  if (ids.every((id) => id === undefined)) return {};
  const found = personal.map(async ({ name }) => {
    const { rows } = await engine().query({
      sql: `select * from ${name} where customer_id = $1 or anonymous_id = $2`,
      parameters: ids.map((id) => id ?? null),
      tenant,
      tables: { [name]: {} },
    });
    return [name, rows] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}
