import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commerceEvents, commerceTables } from "../../src/commerce/index.ts";
import { commerceRegistry, event } from "./event.ts";

const registry = commerceRegistry();

/** Values as senders send them, right and wrong, great and small. */
const value = fc.oneof(
  fc.double({
    noNaN: true,
    noDefaultInfinity: true,
    min: -1e14,
    max: 1e14,
    minExcluded: true,
    maxExcluded: true,
  }),
  fc.integer(),
  fc.string({ maxLength: 8 }),
  fc.integer({ min: -1e9, max: 1e9 }).map((cents) => String(cents / 100)),
  fc.constantFrom("2026-01-02T03:04:05Z", "99999999999999.9999", "1e400", "", null, true, 1e-7, -0),
);

function dataOf(names: readonly string[]) {
  return fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8 });
}

const numeric = fc.oneof(
  fc.double({ noNaN: true, min: -1e14, max: 1e14, minExcluded: true, maxExcluded: true }),
  fc.integer({ min: -1e9, max: 1e9 }).map((cents) => cents / 100),
  fc.constantFrom("99999999999999.99999", "-0.00005", "12.50", 0, null),
);
const line = fc.record(
  {
    product_id: fc.constantFrom("p", 7),
    price: numeric,
    quantity: numeric,
    line_type: fc.constantFrom("product", "charge", null),
    occurred_at: fc.constantFrom("2026-01-02T03:04:05Z", "never", 1e12, 1e300),
  },
  { requiredKeys: [] },
);
const decimal = /^-?\d{1,14}(\.\d{1,4})?$/;

describe.each(commerceEvents.map((definition) => [definition.type, definition] as const))(
  "%s",
  (type, definition) => {
    const { properties = {}, required = [] } = registry.jsonSchema(definition);
    const names = Object.keys(properties);
    const hasLines = names.includes("products");
    const tables = commerceTables.filter(({ from }) =>
      from.some(({ types }) => types.includes(type)),
    );

    test("whatever is accepted is normalised once and for all, and becomes rows of exact money", () => {
      fc.assert(
        fc.property(
          dataOf(names),
          fc.array(line, { maxLength: 3 }),
          fc.integer({ min: 0, max: 1e6 }),
          (some, lines, filler) => {
            const missing = Object.fromEntries(
              required.map((name) => [name, name === "fraud" ? true : filler]),
            );
            const data = { ...missing, ...some, ...(hasLines && { products: lines }) };
            const parsed = definition.schema.safeParse(data);
            fc.pre(parsed.success);
            const once = definition.normalise?.(data).data ?? data;
            expect(definition.normalise?.(once).data ?? once).toEqual(once);
            for (const table of tables)
              for (const row of table.rows(event(type, data)))
                for (const { name, type: columnType, nullable } of table.columns) {
                  const cell = row[name];
                  if (cell == null)
                    expect(nullable, `${table.name}.${name} is NULL`).not.toBe(false);
                  else if (typeof columnType === "string" && columnType.startsWith("decimal"))
                    expect(cell, `${table.name}.${name}`).toMatch(decimal);
                  else if (columnType === "double")
                    expect(Number.isFinite(cell), `${table.name}.${name}`).toBe(true);
                }
          },
        ),
        { numRuns: 40 },
      );
    });
  },
);
