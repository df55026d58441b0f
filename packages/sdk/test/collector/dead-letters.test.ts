import { describe, expect, test } from "vitest";
import {
  createCollector,
  listDeadLetters,
  readDeadLetter,
  redriveDeadLetters,
} from "../../src/collector/index.ts";
import { encode, openDoor, order, start, statuses } from "./door.ts";

const bad = { id: "bad", type: "order.placed", data: { order_id: 7 } };
const unheard = { id: "u", type: "order.imagined", data: { order_id: "7" } };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("dead letters", () => {
  test("say why, where they were to go, when, and keep the bytes that came", async () => {
    const { send, platform } = await openDoor();
    const raw = '{ "id":"bad",  "type":"Order Placed", "data":{"order_id":7} }';
    await send(encode(`[${raw}]`), { source: "till" });
    const [letter, ...rest] = await listDeadLetters(platform, { topic: "transactions" });
    expect(rest).toEqual([]);
    expect(letter).toMatchObject({
      topic: "transactions",
      code: "ECAP_EVENT_INVALID",
      path: "/data/order_id",
      attempts: 1,
      failedAt: start,
      redriven: false,
      headers: { tenant: "acme", source: "till", dialect: "ecap" },
    });
    expect(text(letter?.bytes ?? new Uint8Array())).toBe(raw);
  });

  test("are listed by tenant, from an offset, up to a limit", async () => {
    const { send, platform } = await openDoor();
    for (let i = 0; i < 5; i += 1) {
      await send([{ ...bad, id: `a${i}` }]);
      await send([{ ...bad, id: `b${i}` }], { tenant: "other" });
    }
    const ids = async (query: object) =>
      (await listDeadLetters(platform, { topic: "transactions", ...query })).map(
        ({ bytes }) => (JSON.parse(text(bytes)) as { id: string }).id,
      );
    expect(await ids({ tenant: "acme" })).toEqual(["a0", "a1", "a2", "a3", "a4"]);
    expect(await ids({ tenant: "other", limit: 2 })).toEqual(["b0", "b1"]);
    expect(await ids({ from: 7 })).toEqual(["b3", "a4", "b4"]);
    expect(await ids({ from: 100 })).toEqual([]);
    expect(await ids({ tenant: "nobody" })).toEqual([]);
    await expect(listDeadLetters(platform, { topic: "unheard" })).rejects.toMatchObject({
      code: "ECAP_TOPIC_UNKNOWN",
    });
  });

  test("a letter without our headers is read with what it has", () => {
    const record = {
      topic: "t.dlq",
      partition: 0,
      offset: 3,
      value: encode("x"),
      timestamp: 5,
      headers: {},
    };
    expect(readDeadLetter(record)).toMatchObject({
      code: "ECAP_INTERNAL",
      attempts: 1,
      failedAt: 5,
      offset: 3,
    });
  });
});

describe("redrive", () => {
  test("goes on past letters that were put back before, however few it takes at a time", async () => {
    const { platform, send } = await openDoor({ unplannedEvents: "quarantine" });
    await send([1, 2, 3].map((id) => ({ ...unheard, id: `u${id}` })));
    const allowing = await createCollector(platform);
    const query = { topic: "user-events", limit: 2 };
    const ids = async () =>
      (await redriveDeadLetters(platform, allowing, query)).map(({ id }) => id);
    expect([await ids(), await ids(), await ids()]).toEqual([["u1", "u2"], ["u3"], []]);
  });

  test("takes in what may pass by now, once, and quarantines the rest again", async () => {
    const strict = await openDoor({ unplannedEvents: "quarantine" });
    const receipts = await strict.send(
      {
        context: { locale: "de" },
        batch: [unheard, bad, order("fine")],
      },
      { source: "till" },
    );
    expect(statuses(receipts)).toEqual(["quarantined", "quarantined", "accepted"]);

    const { platform } = strict;
    const allowing = await createCollector(platform);
    const query = { topic: "user-events" };
    expect(await redriveDeadLetters(platform, allowing, query)).toMatchObject([
      { id: "u", status: "accepted", offset: 0 },
    ]);
    expect(await redriveDeadLetters(platform, allowing, query)).toEqual([]);
    expect(await listDeadLetters(platform, query)).toMatchObject([{ redriven: true }]);
    expect((await strict.logged()).toSorted()).toEqual(["fine", "u"]);

    const orders = { topic: "transactions" };
    expect(await redriveDeadLetters(platform, allowing, orders)).toMatchObject([
      { id: "bad", status: "quarantined", offset: 0 },
    ]);
    expect(await listDeadLetters(platform, orders)).toMatchObject([
      { offset: 0, redriven: true },
      { offset: 1, redriven: false },
    ]);
  });

  test("keeps tenant, source, arrival defaults and dialect of the event", async () => {
    const { send, platform } = await openDoor({ unplannedEvents: "quarantine" });
    const call = { messageId: "m", event: "Imagined", userId: "u1", properties: { x: 1 } };
    await send([call], {
      dialect: "segment",
      tenant: "other",
      source: "till",
      defaults: { type: "track" },
    });
    const collector = await createCollector(platform);
    await redriveDeadLetters(platform, collector, { topic: "user-events", tenant: "acme" });
    expect(await listDeadLetters(platform, { topic: "user-events" })).toMatchObject([
      { redriven: false },
    ]);
    await redriveDeadLetters(platform, collector, { topic: "user-events", tenant: "other" });
    const eventLog = platform.port("eventLog");
    for (const { partition, next } of await eventLog.offsets("user-events")) {
      const [record] = next === 0 ? [] : await eventLog.read("user-events", partition, 0);
      if (record !== undefined)
        expect(platform.decode(record)).toMatchObject({
          id: "m",
          type: "Imagined",
          tenant: "other",
          source: "till",
          actor: { customerId: "u1" },
          data: { x: 1 },
        });
    }
  });

  test("of an event that came in meanwhile is a duplicate", async () => {
    const { send, platform, collector } = await openDoor();
    await send([bad]);
    await send([order("bad")]);
    const [receipt] = await redriveDeadLetters(platform, collector, { topic: "transactions" });
    expect(receipt?.status).toBe("duplicate");
  });

  test("gets past bytes that are no JSON", async () => {
    const { send, platform, collector } = await openDoor();
    await send(encode(`[{"broken":,${JSON.stringify(order("a"))}]`)).catch(() => {});
    await send(encode(`[hello,${JSON.stringify(order("b"))},${JSON.stringify(unheard)}]`));
    const letters = await listDeadLetters(platform, { topic: "user-events" });
    expect(letters.length).toBeGreaterThan(0);
    const receipts = await redriveDeadLetters(platform, collector, { topic: "user-events" });
    expect(receipts).toHaveLength(letters.length);
    expect(new Set(statuses(receipts))).toEqual(new Set(["quarantined"]));
  });
});
