import { existsSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commerceEvents, createCommerceEvents } from "../../src/commerce/index.ts";
import { defaultTopics } from "../../src/events/topics.ts";
import { commerceRegistry } from "./event.ts";

const registry = commerceRegistry();
const ajv = new Ajv2020({ strict: false });

/** Names of the e-commerce spec, v2. */
const specification =
  "Products Searched, Product List Viewed, Product List Filtered, Promotion Viewed, Promotion Clicked, Product Clicked, Product Viewed, Product Added, Product Removed, Cart Viewed, Checkout Started, Checkout Step Viewed, Checkout Step Completed, Payment Info Entered, Order Completed, Order Updated, Order Refunded, Order Cancelled, Coupon Entered, Coupon Applied, Coupon Denied, Coupon Removed, Product Added to Wishlist, Product Removed from Wishlist, Wishlist Product Added to Cart, Product Shared, Cart Shared, Product Reviewed".split(
    ", ",
  );

test("every event of the spec is there, each under a type of its own", () => {
  const types = specification.map((name) => registry.resolve(name)?.type);
  expect(types).not.toContain(undefined);
  expect(new Set(types).size).toBe(28);
});

test.each([
  ["Completed Order", "order.completed"],
  ["viewed product", "product.viewed"],
  ["Viewed Product Category", "product_list.viewed"],
  ["identify", "customer.identified"],
  ["page", "page.viewed"],
  ["screen", "screen.viewed"],
  ["group", "group.joined"],
  ["alias", "identity.aliased"],
])("%s is an alias of %s", (alias, type) => expect(registry.resolve(alias)?.type).toBe(type));

test("every event goes to a topic there is", () => {
  for (const { topic } of commerceEvents) expect(Object.keys(defaultTopics)).toContain(topic);
});

const examples = new URL(
  "../../../../../shared/data/segment_spec/ecommerce_examples.jsonl",
  import.meta.url,
);

interface Example {
  readonly spec: string;
  readonly event: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

describe.skipIf(!existsSync(examples))(
  "the examples of the spec (needs shared/data/segment_spec)",
  () => {
    const payloads: Example[] = existsSync(examples)
      ? JSON.parse(`[${readFileSync(examples, "utf8").trim().replaceAll("\n", ",")}]`)
      : [];

    test("all thirty are accepted by zod and by the compiled validator", () => {
      expect(payloads).toHaveLength(30);
      for (const { event, properties } of payloads) {
        const definition = registry.resolve(event);
        expect(definition?.schema.safeParse(properties).success, event).toBe(true);
        expect(
          ajv.validate(definition ? registry.jsonSchema(definition) : false, properties),
          event,
        ).toBe(true);
        const known = Object.keys(
          definition ? (registry.jsonSchema(definition).properties ?? {}) : {},
        );
        expect(known, event).toEqual(expect.arrayContaining(Object.keys(properties)));
      }
    });

    test("those whose money disagrees say so, and only those", () => {
      const warned = payloads.flatMap(({ spec, event, properties }) => {
        const warnings = registry.resolve(event)?.normalise?.(properties).warnings ?? [];
        return warnings.length > 0 ? [[`${spec} ${event}`, ...warnings]] : [];
      });
      expect(warned).toEqual([
        ["v2 Order Updated", "revenue 25 is not subtotal 22.5"],
        ["v2 Order Refunded", "total 30 is not subtotal 25 plus tax and shipping 0"],
        ["v1 Order Completed", "subtotal 25 is not the lines 25 less discount 2.5"],
      ]);
    });
  },
);

/** Values as senders send them, right and wrong. */
const sent = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.double({ min: -1e15, max: 1e15, noNaN: true }).map(String),
  fc.constantFrom("12.50", "-3", "abc", "", null, true, "1e5", 1e300, [], {}),
);
const sentLine = fc.dictionary(
  fc.constantFrom("product_id", "id", "price", "quantity", "line_type", "name", "own"),
  sent,
);
const sentOrder = fc.dictionary(
  fc.constantFrom("order_id", "orderId", "total", "tax", "currency", "coupon", "own"),
  sent,
);

test("zod and the validator compiled from the JSON Schema agree on every order", () => {
  const definition = registry.resolve("order.completed") ?? expect.fail("no order.completed");
  const validate = ajv.compile(registry.jsonSchema(definition));
  let accepted = 0;
  fc.assert(
    fc.property(sentOrder, fc.option(fc.array(sentLine, { maxLength: 3 })), (order, lines) => {
      const data = lines === null ? order : { ...order, products: lines };
      const result = definition.schema.safeParse(data);
      expect(validate(data)).toBe(result.success);
      if (result.success) {
        accepted += 1;
        expect(result.data).toEqual(data);
        const { data: normalised } = definition.normalise?.(result.data) ?? result;
        expect(definition.schema.safeParse(normalised).success).toBe(true);
        expect(definition.normalise?.(normalised).data).toEqual(normalised);
      }
    }),
    { numRuns: 500 },
  );
  expect(accepted).toBeGreaterThan(20);
});

const order = (data: Record<string, unknown>) => registry.get("order.completed")?.normalise?.(data);

describe("orders", () => {
  test("missing sums are filled in", () => {
    const products = [
      { sku: 7, price: 0.1, quantity: 3 },
      { id: "b", price: "2.50" },
    ];
    const result = order({ order_id: 12, products, tax: "0.2", shipping: 1, discount: 0.3 });
    expect(result?.warnings).toEqual([]);
    expect(result?.data).toEqual({
      order_id: "12",
      products: [
        { sku: "7", price: "0.1", quantity: 3 },
        { product_id: "b", price: "2.5" },
      ],
      tax: "0.2",
      shipping: "1",
      discount: "0.3",
      subtotal: "2.5",
      revenue: "2.5",
      total: "3.7",
      currency: "USD",
    });
  });

  test("float noise is no disagreement", () => {
    expect(
      order({ order_id: "1", subtotal: 0.3, tax: 0.1, total: 0.30000000000000004 + 0.1 })?.warnings,
    ).toEqual([]);
  });

  test("the input is left as it was", () => {
    const data = Object.freeze({
      order_id: 1,
      total: 3,
      products: Object.freeze([Object.freeze({ id: 5, price: 3 })]),
    });
    expect(() => order(data)).not.toThrow();
  });

  test("the business key is the order", () => {
    expect(registry.get("order.completed")?.businessKey?.({ order_id: "o1" })).toBe(
      "order.completed/o1",
    );
    expect(registry.get("order.completed")?.businessKey?.({})).toBeUndefined();
  });

  test("the currency is the sender's, in capitals, or the shop's", () => {
    const pounds = createCommerceEvents({ currency: "GBP" }).find(
      ({ type }) => type === "order.completed",
    );
    expect(pounds?.normalise?.({ order_id: "1", total: 1 }).data).toMatchObject({
      currency: "GBP",
    });
    expect(pounds?.normalise?.({ order_id: "1", total: 1, currency: "usd" }).data).toMatchObject({
      currency: "USD",
    });
  });
});
