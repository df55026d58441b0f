import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  createRecordDecoder,
  createSchemaRegistry,
  defineEvent,
  type EventEnvelope,
  encodeEvent,
  parseTime,
  partitionKey,
  uuidv7,
} from "../../src/events/index.ts";
import type { LogRecord } from "../../src/ports/index.ts";

const decode = createRecordDecoder(createSchemaRegistry());
const record = (value: Uint8Array, headers: Readonly<Record<string, string>> = {}): LogRecord => ({
  topic: "t",
  partition: 1,
  offset: 2,
  timestamp: 3,
  value,
  headers,
});
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("an event of the platform comes back from the log as it was", () => {
  const text = fc.string({ minLength: 1, unit: "binary" }).filter((s) => !/\p{Surrogate}/u.test(s));
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  fc.assert(
    fc.property(
      fc.record({
        id: text,
        type: text,
        source: text,
        tenant: text,
        time: fc.integer({ min: 0, max: 4e12 }),
        receivedAt: fc.integer({ min: 0, max: 4e12 }),
        actor: fc.record({ customerId: text, sessionId: text }, { requiredKeys: [] }),
        data: fc.dictionary(text, json),
      }),
      (fields) => {
        const event: EventEnvelope = { context: {}, ...fields };
        const { value, headers = {}, key } = encodeEvent(event);
        const { sequence, ...found } = decode(record(value, headers)) ?? expect.fail("no event");
        expect(found).toEqual(event);
        expect(sequence).toEqual({ topic: "t", partition: 1, offset: 2 });
        expect(key).toBe(partitionKey(event));
      },
    ),
    { numRuns: 200 },
  );
});

describe("bytes that are no event are undefined, never an error", () => {
  test.each([
    ["nothing", "", {}],
    ["no JSON", "{", {}],
    ["no object", "17", {}],
    ["no type", "{}", {}],
    ["a dialect nobody knows", '{"type":"x"}', { dialect: "klingon" }],
    ["defaults that are no JSON", '{"type":"x"}', { defaults: "{" }],
  ])("%s", (_, text, headers) => expect(decode(record(bytes(text), headers))).toBeUndefined());

  test("random bytes and headers", () => {
    const header = fc.dictionary(
      fc.constantFrom("dialect", "defaults", "tenant", "sentat", "receivedat", "unplanned"),
      fc.oneof(fc.string(), fc.json(), fc.constant("ecap")),
    );
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes)), header, (value, headers) => {
        const event = decode(record(value, headers));
        if (event !== undefined) expect(typeof event.id).toBe("string");
      }),
    );
  });

  test("data its schema's own code cannot read", () => {
    const registry = createSchemaRegistry();
    registry.register(
      defineEvent({
        type: "order.placed",
        version: 1,
        topic: "t",
        description: "",
        schema: z.object({ lines: z.array(z.object({ price: z.number() })) }),
        normalise: (data) => ({ data: { lines: data.lines.map((l) => l) }, warnings: [] }),
      }),
    );
    const strict = createRecordDecoder(registry);
    expect(strict(record(bytes('{"type":"order.placed","data":{"lines":7}}')))).toBeUndefined();
    expect(strict(record(bytes('{"type":"order.placed","data":{"lines":[]}}')))?.data).toEqual({
      lines: [],
    });
  });
});

test("times are RFC 3339 texts or epoch milliseconds", () => {
  expect(parseTime("2026-01-02T03:04:05.678Z")).toBe(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  expect(parseTime("2026-01-02T03:04:05+02:00")).toBe(Date.UTC(2026, 0, 2, 1, 4, 5));
  expect(parseTime(0)).toBe(0);
  for (const none of ["", "soon", Number.NaN, Number.POSITIVE_INFINITY, 8.65e15, null, {}, true])
    expect(parseTime(none)).toBeUndefined();
});

test("ids of version 7 are unique and sort by the time they were made", () => {
  const ids = Array.from({ length: 1_000 }, (_, i) => uuidv7(1_700_000_000_000 + i));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(ids[5]?.replace("-", "").slice(0, 12) ?? "", 16)).toBe(1_700_000_000_005);
});
