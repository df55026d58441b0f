import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readBody } from "../../src/collector/index.ts";
import { encode, openDoor, order, statuses } from "./door.ts";

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
const placed = (id: string, rest: string): string =>
  `{"id":"${id}","type":"order.placed","data":{"order_id":"${id}"${rest}}}`;

describe("one bad element among good ones", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["a word", "hello", "ECAP_EVENT_MALFORMED"],
    ["NaN", placed("x", ',"total":NaN'), "ECAP_EVENT_MALFORMED"],
    ["an unquoted key", "{id:1}", "ECAP_EVENT_MALFORMED"],
    ["null", "null", "ECAP_EVENT_MALFORMED"],
    ["a number", "17", "ECAP_EVENT_MALFORMED"],
    ["a text", '"text"', "ECAP_EVENT_MALFORMED"],
    ["an array", "[1,2]", "ECAP_EVENT_MALFORMED"],
    ["no type", '{"id":"x","data":{}}', "ECAP_EVENT_MALFORMED"],
    ["an empty type", '{"id":"x","type":""}', "ECAP_EVENT_MALFORMED"],
    ["a type that is an object", '{"id":"x","type":{}}', "ECAP_EVENT_MALFORMED"],
    ["a number past all", placed("x", ',"total":1e400'), "ECAP_EVENT_INVALID"],
    ["data that is a text", '{"id":"x","type":"order.placed","data":"o"}', "ECAP_EVENT_INVALID"],
    ["data that is an array", '{"id":"x","type":"order.placed","data":[]}', "ECAP_EVENT_INVALID"],
    ["an endless id", `{"id":"${"i".repeat(513)}","type":"t"}`, "ECAP_EVENT_INVALID"],
    ["depth", placed("x", `,"deep":${nested(100)}`), "ECAP_EVENT_MALFORMED"],
    ["great depth", placed("x", `,"deep":${nested(100_000)}`), "ECAP_EVENT_MALFORMED"],
    ["bytes that are no UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), "ECAP_EVENT_MALFORMED"],
  ])("%s is quarantined alone, with its bytes kept", async (_, element, code) => {
    const { send, logged, platform } = await openDoor();
    const bytes = typeof element === "string" ? encode(element) : element;
    const body = Buffer.concat([
      encode(`{"sentAt":null,"batch":[${placed("a", "")},`),
      bytes,
      encode(`,${placed("b", "")}]}`),
    ]);
    const receipts = await send(new Uint8Array(body));
    expect(receipts.map((receipt) => receipt.code ?? receipt.status)).toEqual([
      "accepted",
      code,
      "accepted",
    ]);
    expect((await logged()).toSorted()).toEqual(["a", "b"]);
    const eventLog = platform.port("eventLog");
    const letters = [
      ...(await eventLog.read("transactions.dlq", 0, 0)),
      ...(await eventLog.read("user-events.dlq", 0, 0)),
    ];
    expect(letters.map(({ value }) => [...value])).toEqual([[...bytes]]);
  });
});

test("what a batch says once is said of every event, also where one of them is broken", async () => {
  const { send, platform } = await openDoor();
  const body = `{"context":{"ip":"10.0.0.1"},"batch":[${placed("a", "")},{broken}]}`;
  expect(statuses(await send(encode(body)))).toEqual(["accepted", "quarantined"]);
  const eventLog = platform.port("eventLog");
  for (const { partition, next } of await eventLog.offsets("transactions")) {
    const [record] = next === 0 ? [] : await eventLog.read("transactions", partition, 0);
    if (record !== undefined) expect(platform.decode(record)?.context.ip).toBe("10.0.0.1");
  }
});

describe("odd events that are fine", () => {
  test("ten thousand keys, names of Object.prototype, texts of every script", async () => {
    const { send, logged, platform } = await openDoor();
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]));
    const receipts = await send(
      encode(
        `[${placed("a", `,${JSON.stringify(many).slice(1, -1)}`)},${placed("b", ',"__proto__":{"isAdmin":true},"constructor":1,"toString":2')},${placed("c", ',"name":"\\u0000 naïve 漢字 🛒 \\ud83d"')}]`,
      ),
    );
    expect(statuses(receipts)).toEqual(["accepted", "accepted", "accepted"]);
    expect((await logged()).toSorted()).toEqual(["a", "b", "c"]);
    expect(Object.hasOwn(Object.prototype, "isAdmin")).toBe(false);
    expect(({} as Record<string, unknown>)["isAdmin"]).toBeUndefined();
    expect(platform.registry.resolve("__proto__")).toBeUndefined();
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "a type named %s is unplanned like any other",
    async (type) => {
      const { send } = await openDoor();
      expect(statuses(await send([{ id: "a", type, data: {} }]))).toEqual(["accepted"]);
    },
  );

  test("a prototype in the batch's context reaches no event", async () => {
    const { send } = await openDoor();
    const body = `{"context":{"__proto__":{"polluted":1}},"batch":[${placed("a", "")}]}`;
    expect(statuses(await send(encode(body)))).toEqual(["accepted"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("a body that cannot be read is an error and nothing of it is taken", () => {
  test.each([
    ["empty", ""],
    ["blank", "  \n "],
    ["cut in the middle", '{"batch":[{"id":"a","type":"t"},{"id":'],
    ["cut in a text", '[{"id":"a'],
    ["no JSON", "hello=world"],
    ["a number", "12"],
    ["a text", '"a"'],
    ["null", "null"],
    ["only broken elements", "[{a},{b}]"],
    ["HTML", "<html></html>"],
    ["closing brackets", "]}]}"],
  ])("%s", async (_, body) => {
    const { send, logged } = await openDoor();
    await expect(send(encode(body))).rejects.toMatchObject({
      code: "ECAP_BODY_UNREADABLE",
      status: 400,
    });
    expect(await logged()).toEqual([]);
  });

  test("five thousand events are one batch, one more is too many", async () => {
    const { send } = await openDoor();
    const events = Array.from({ length: 5_001 }, (_, i) => order(String(i)));
    await expect(send(events)).rejects.toMatchObject({ code: "ECAP_BATCH_TOO_LARGE" });
    const receipts = await send(events.slice(1));
    expect(new Set(statuses(receipts))).toEqual(new Set(["accepted"]));
  });
});

describe("readBody", () => {
  const text = encode(JSON.stringify([order("a")]));

  test("gunzips by the bytes, not the headers", async () => {
    expect(await readBody(text)).toEqual(text);
    expect(new Uint8Array(await readBody(gzipSync(text)))).toEqual(text);
  });

  test("cut or broken gzip is unreadable", async () => {
    const whole = gzipSync(text);
    for (let length = 2; length < whole.length; length += 1)
      await expect(readBody(whole.subarray(0, length))).rejects.toMatchObject({
        code: "ECAP_BODY_UNREADABLE",
      });
    const flipped = Buffer.from(whole);
    flipped[whole.length - 6] = (flipped[whole.length - 6] ?? 0) ^ 0xff;
    await expect(readBody(flipped)).rejects.toMatchObject({ code: "ECAP_BODY_UNREADABLE" });
  });

  test("a bomb stops at the limit, and large bodies are refused before they are touched", async () => {
    const bomb = gzipSync(new Uint8Array(64 << 20));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(readBody(bomb)).rejects.toMatchObject({ code: "ECAP_BATCH_TOO_LARGE" });
    await expect(readBody(text, { maxBytes: 10 })).rejects.toMatchObject({
      code: "ECAP_BATCH_TOO_LARGE",
    });
    await expect(readBody(gzipSync(text), { maxCompressedBytes: 10 })).rejects.toMatchObject({
      code: "ECAP_BATCH_TOO_LARGE",
    });
  });
});
