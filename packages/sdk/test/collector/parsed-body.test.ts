import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elementRanges } from "../../src/collector/index.ts";
import { parseBody } from "../../src/collector/parsed-body.ts";
import { isEcapError } from "../../src/errors/index.ts";
import { encode } from "./door.ts";

const json = fc.jsonValue({ maxDepth: 4 });
const element = fc.oneof(
  json,
  fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })),
);
const space = fc.stringMatching(/^[ \n\r\t]{0,3}$/);

/** The value as JSON text, with some characters escaped although they need not be. */
function written(value: unknown, indent: number, escapes: boolean): string {
  const text = JSON.stringify(value, undefined, indent);
  return escapes
    ? text.replaceAll(
        /[^\n\x20-\x7e]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
    : text;
}

const parse = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

describe("elementRanges finds the elements JSON.parse finds", () => {
  test("in a body that is an array", () => {
    fc.assert(
      fc.property(
        fc.array(element, { maxLength: 5 }),
        fc.nat(2),
        fc.boolean(),
        space,
        (values, indent, escapes, pad) => {
          const text = pad + written(values, indent, escapes) + pad;
          const bytes = encode(text);
          const ranges = elementRanges(bytes, "batch") ?? expect.fail("no ranges");
          const found = ranges.starts.map((start, i) =>
            parse(bytes.subarray(start, ranges.ends[i])),
          );
          expect(found).toEqual(JSON.parse(text));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("in an object with a batch, wherever it stands and whatever stands beside it", () => {
    fc.assert(
      fc.property(
        fc.array(element, { maxLength: 4 }),
        fc.array(fc.tuple(fc.constantFrom("batch", "b", 'ba"tch', "sentAt", "x\\"), element), {
          maxLength: 3,
        }),
        fc.nat(3),
        fc.boolean(),
        (values, others, position, escapes) => {
          const members = others.map(
            ([name, value]) => `${JSON.stringify(name)} : ${written(value, 0, escapes)}`,
          );
          members.splice(position, 0, `"b\\u0061tch":${written(values, 1, escapes)}`);
          const text = `{${members.join(" ,\n")}}`;
          const bytes = encode(text);
          const parsed = JSON.parse(text) as { batch: unknown };
          const body = parseBody(bytes, 1_000);
          const expected = Array.isArray(parsed.batch) ? parsed.batch : [parsed];
          expect(body.events).toHaveLength(expected.length);
          expect(expected.map((_, i) => parse(body.bytesOf(i)))).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });
});

test("whatever the bytes, a body is read or is an EcapError, and its parts agree with each other", () => {
  const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), insert: fc.boolean() });
  const base = fc.oneof(
    fc.array(element, { maxLength: 4 }),
    fc.record({ sentAt: json, batch: fc.array(element, { maxLength: 4 }), context: json }),
  );
  fc.assert(
    fc.property(base, fc.array(mutation, { minLength: 1, maxLength: 4 }), (value, mutations) => {
      let bytes = encode(JSON.stringify(value));
      for (const { at, byte, insert } of mutations) {
        const place = at % bytes.length;
        bytes = Uint8Array.from([
          ...bytes.subarray(0, place),
          byte,
          ...bytes.subarray(place + (insert ? 0 : 1)),
        ]);
      }
      try {
        const body = parseBody(bytes, 1_000);
        body.events.forEach((event, position) => {
          if (event !== undefined) expect(parse(body.bytesOf(position))).toEqual(event);
          expect(body.depthOf(position)).toBeGreaterThanOrEqual(0);
        });
      } catch (error) {
        if (!isEcapError(error)) throw error;
      }
    }),
    { numRuns: 2_000 },
  );
});

test("random bytes never throw anything but an EcapError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        parseBody(bytes, 10);
      } catch (error) {
        if (!isEcapError(error)) throw error;
      }
    }),
    { numRuns: 1_000 },
  );
});
