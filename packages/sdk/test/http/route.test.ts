import * as fc from "fast-check";
import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineRoute, instant, pageQuery, paginate } from "../../src/http/index.ts";

test("following the cursors gives every item once, in order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (items, limit) => {
        const found: number[] = [];
        let cursor: string | undefined;
        do {
          const page = paginate(items, { limit, cursor });
          expect(page.items.length).toBeLessThanOrEqual(limit);
          found.push(...page.items);
          cursor = page.next;
        } while (cursor !== undefined);
        expect(found).toEqual(items);
      },
    ),
  );
});

test.each(["-5", "NaN", "", "x", "1e9", "9".repeat(400), "2.7"])(
  "the cursor %j is no failure",
  (cursor) => {
    const { items } = paginate([1, 2, 3], { limit: 2, cursor });
    expect(items.length).toBeLessThanOrEqual(2);
  },
);

test("a page's limit has bounds", () => {
  expect(pageQuery.parse({})).toEqual({ limit: 50 });
  for (const limit of ["0", "1001", "x", "1.5", "-1"])
    expect(pageQuery.safeParse({ limit }).success, limit).toBe(false);
});

test.each<[string, number | undefined]>([
  ["2026-01-31", Date.UTC(2026, 0, 31)],
  ["2026-01-31T10:00:00Z", Date.UTC(2026, 0, 31, 10)],
  ["2026-01-31T10:00:00+02:00", Date.UTC(2026, 0, 31, 8)],
  ["2026-01-31T10:00:00", undefined],
  ["2026-02-30", undefined],
  ["2026-13-01", undefined],
  ["31.01.2026", undefined],
  ["now", undefined],
  ["", undefined],
])("the instant %j is %s", (text, expected) => {
  const parsed = instant.safeParse(text);
  expect(parsed.success ? parsed.data : undefined).toBe(expected);
});

test("a route's handler has the types of its schemas", () => {
  defineRoute({
    method: "post",
    path: "/things/{id}",
    role: "viewer",
    summary: "",
    tag: "things",
    params: z.object({ id: z.string() }),
    query: z.object({ n: z.coerce.number() }),
    body: z.object({ list: z.array(z.string()) }),
    response: z.object({ ok: z.boolean() }),
    handler: async ({ params, query, body }) => {
      expectTypeOf(params).toEqualTypeOf<{ id: string }>();
      expectTypeOf(query).toEqualTypeOf<{ n: number }>();
      expectTypeOf(body).toEqualTypeOf<{ list: string[] }>();
      return { ok: true };
    },
  });
});
