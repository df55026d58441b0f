import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  createCollector,
  deadLetterOf,
  listDeadLetters,
  readDeadLetter,
  redriveDeadLetters,
} from "../../src/collector/index.ts";
import { topology } from "../../src/streams/index.ts";
import { testPlugin } from "../platform/plugins.ts";
import { type Door, encode, openDoor, order, start, statuses } from "./door.ts";

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

const reader = (name: string, take: (id: string) => void) =>
  testPlugin(name, {
    topologies: () => [
      topology(name)
        .from({ topics: ["transactions"] })
        .map((event) => {
          take(event.id);
          return event;
        })
        .process(async () => {}),
    ],
  });

/** Drained, with time that goes on for breakers that wait. */
async function settled({ platform, clock }: Pick<Door, "platform" | "clock">): Promise<void> {
  const drained = new AbortController();
  const draining = platform.drain().then(() => drained.abort());
  while (!drained.signal.aborted) {
    clock.advance(1_000);
    await sleep(1);
  }
  await draining;
}

describe("redrive of what a consumer could not take", () => {
  const readers = { broken: true, seen: [] as string[], other: [] as string[] };
  async function running() {
    Object.assign(readers, { broken: true, seen: [], other: [] });
    const picky = reader("picky", (id) => {
      if (id === "poison" && readers.broken) throw new Error("cannot take it");
      readers.seen.push(id);
    });
    const door = await openDoor(
      {},
      { plugins: [picky, reader("easy", (id) => readers.other.push(id))] },
    );
    await door.platform.start(["topologies"]);
    await door.send([order("a"), order("poison"), order("b")]);
    await settled(door);
    return door;
  }
  const query = { topic: "transactions" };

  test("goes to that consumer alone, with the same bytes, and once", async () => {
    const door = await running();
    const { platform, collector } = door;
    const [letter, ...rest] = await listDeadLetters(platform, query);
    expect(rest).toEqual([]);
    const eventLog = platform.port("eventLog");
    expect(letter).toMatchObject({
      consumer: "topology/picky",
      code: "ECAP_PLUGIN_FAILED",
      message: "cannot take it",
      redrives: 0,
      headers: { tenant: "acme", source: "test" },
    });
    const origin = letter?.origin ?? expect.fail();
    const [record] = await eventLog.read(origin.topic, origin.partition, origin.offset);
    expect(text(record?.value ?? new Uint8Array())).toBe(text(letter?.bytes ?? new Uint8Array()));

    readers.broken = false;
    expect(await redriveDeadLetters(platform, collector, query)).toEqual([
      { status: "redriven", offset: 0 },
    ]);
    expect(await redriveDeadLetters(platform, collector, query)).toEqual([]);
    await settled(door);
    expect(readers.seen.toSorted()).toEqual(["a", "b", "poison"]);
    expect(readers.other.toSorted()).toEqual(["a", "b", "poison"]);
    await platform.stop();
  });

  test("of a poison message ends: its attempts add up, and past a limit it is refused", async () => {
    const door = await running();
    const { platform, collector } = door;
    const results: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const redriven = await redriveDeadLetters(platform, collector, { ...query, maxRedrives: 3 });
      results.push(...redriven.map(({ status, code = "" }) => `${status} ${code}`.trim()));
      await settled(door);
    }
    expect(results).toEqual([
      "redriven",
      "redriven",
      "redriven",
      "refused ECAP_REDRIVE_LIMIT",
      "refused ECAP_REDRIVE_LIMIT",
    ]);
    const letters = await listDeadLetters(platform, query);
    expect(letters.map(({ redrives }) => redrives)).toEqual([0, 1, 2, 3]);
    const attempts = letters.map((letter) => letter.attempts);
    expect(attempts).toEqual(attempts.toSorted((a, b) => a - b));
    expect(new Set(attempts).size).toBe(4);
    expect(new Set(letters.map(({ bytes }) => text(bytes))).size).toBe(1);
    expect(readers.other.filter((id) => id === "poison")).toHaveLength(1);
    await platform.stop();
  });

  test("of what the collector refuses again and again ends too", async () => {
    const { send, platform, collector } = await openDoor();
    await send([bad]);
    const results: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      const redriven = await redriveDeadLetters(platform, collector, { ...query, maxRedrives: 2 });
      results.push(...redriven.map(({ status }) => status));
    }
    expect(results).toEqual(["quarantined", "quarantined", "refused", "refused"]);
    expect((await listDeadLetters(platform, query)).map(({ attempts }) => attempts)).toEqual([
      1, 2, 3,
    ]);
  });

  test("by two at once puts each letter back once", async () => {
    const door = await running();
    const { platform, collector } = door;
    readers.broken = false;
    const both = await Promise.all(
      [1, 2].map(() => redriveDeadLetters(platform, collector, query)),
    );
    expect(both.flat()).toHaveLength(1);
    await settled(door);
    expect(readers.seen.filter((id) => id === "poison")).toHaveLength(1);
    await platform.stop();
  });

  test("of what a topology made itself is refused: there is no record to take again", async () => {
    const { platform, collector } = await openDoor();
    const made = { topic: "transactions", headers: { tenant: "acme" }, value: encode("{}") };
    const about = {
      code: "ECAP_PLUGIN_FAILED",
      message: "no",
      consumer: "topology/x",
      attempts: 1,
      now: start,
    } as const;
    await platform.port("eventLog").append("transactions.dlq", [deadLetterOf(made, about)]);
    expect(await redriveDeadLetters(platform, collector, query)).toMatchObject([
      { status: "refused", code: "ECAP_REDRIVE_IMPOSSIBLE" },
    ]);
  });
});
