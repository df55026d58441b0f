import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { EcapError } from "../../src/errors/index.ts";
import { manualClock, memory } from "../../src/memory/index.ts";
import type { EventLog } from "../../src/ports/index.ts";
import { openDoor, order, start, statuses } from "./door.ts";

describe("receipts", () => {
  test("there is one for every event, in their order, each with its id", async () => {
    const { send, logged } = await openDoor();
    const receipts = await send([
      order("a"),
      { id: "b", type: "order.placed", data: { order_id: 7 } },
      order("a"),
      { id: "c", type: "Something Else", data: {} },
      5,
    ]);
    expect(receipts.map(({ id, status, code, path }) => [id, status, code, path])).toEqual([
      ["a", "accepted", undefined, undefined],
      ["b", "quarantined", "ECAP_EVENT_INVALID", "/data/order_id"],
      ["a", "duplicate", undefined, undefined],
      ["c", "accepted", undefined, undefined],
      [undefined, "quarantined", "ECAP_EVENT_MALFORMED", ""],
    ]);
    expect((await logged()).toSorted()).toEqual(["a", "c"]);
  });

  test("an event without an id is named by its place in the log, also when the log is read", async () => {
    const { send, logged } = await openDoor();
    const [first, second] = await send([
      { type: "order.placed", data: { order_id: "1" } },
      { type: "order.placed", data: { order_id: "1" } },
    ]);
    expect(statuses([first ?? expect.fail(), second ?? expect.fail()])).toEqual([
      "accepted",
      "accepted",
    ]);
    expect(new Set(await logged())).toEqual(new Set([first?.id, second?.id]));
  });

  test("an empty batch has no receipts", async () => {
    const { send } = await openDoor();
    expect(await send([])).toEqual([]);
    expect(await send({ batch: [] })).toEqual([]);
  });
});

describe("duplicates", () => {
  test("are known within a batch, across batches and across concurrent batches", async () => {
    const { send, logged } = await openDoor();
    expect(statuses(await send([order("a"), order("b"), order("a")]))).toEqual([
      "accepted",
      "accepted",
      "duplicate",
    ]);
    expect(statuses(await send([order("b"), order("c")]))).toEqual(["duplicate", "accepted"]);
    const many = await Promise.all(
      Array.from({ length: 20 }, () => send([order("d"), order("e")])),
    );
    const all = many.flat();
    for (const id of ["d", "e"])
      expect(
        all.filter((receipt) => receipt.id === id && receipt.status === "accepted"),
      ).toHaveLength(1);
    expect(await logged()).toHaveLength(5);
  });

  test("are told apart by tenant", async () => {
    const { send } = await openDoor();
    expect(statuses(await send([order("a")]))).toEqual(["accepted"]);
    expect(statuses(await send([order("a")], { tenant: "other" }))).toEqual(["accepted"]);
    expect(statuses(await send([order("a")], { tenant: "other" }))).toEqual(["duplicate"]);
  });

  test("are those an import knows, whatever the window says", async () => {
    const { send, logged } = await openDoor();
    expect(statuses(await send([order("a"), order("b")], { known: (id) => id === "a" }))).toEqual([
      "duplicate",
      "accepted",
    ]);
    expect(await logged()).toEqual(["b"]);
  });

  test("are forgotten after the window, also where nothing else comes meanwhile", async () => {
    const { send, clock } = await openDoor({ dedupeWindowMs: 8_000 });
    await send([order("a")]);
    clock.advance(7_999);
    expect(statuses(await send([order("a")]))).toEqual(["duplicate"]);
    clock.advance(1_002);
    expect(statuses(await send([order("a")]))).toEqual(["accepted"]);
  });

  test("are forgotten early past the bound, and that is counted", async () => {
    const { send, collector } = await openDoor({ dedupeMaxIds: 800 });
    for (let batch = 0; batch < 20; batch += 1)
      await send(Array.from({ length: 100 }, (_, i) => order(`${batch}-${i}`)));
    const { ids, forgottenEarly } = collector.remembered;
    expect(ids).toBeLessThanOrEqual(800);
    expect(ids + forgottenEarly).toBe(2_000);
    expect(statuses(await send([order("19-99"), order("0-0")]))).toEqual(["duplicate", "accepted"]);
  });

  test("of a business fact are refused where that is asked for, and not otherwise", async () => {
    const plain = await openDoor();
    const strict = await openDoor({ dedupeByBusinessKey: true });
    const twice = [order("a", { order_id: "7" }), order("b", { order_id: "7" })];
    expect(statuses(await plain.send(twice))).toEqual(["accepted", "accepted"]);
    expect(statuses(await strict.send(twice))).toEqual(["accepted", "duplicate"]);
    expect(statuses(await strict.send([order("c", { order_id: "7" })]))).toEqual(["duplicate"]);
    const raced = await Promise.all(
      ["x", "y", "z"].map((id) => strict.send([order(id, { order_id: "8" })])),
    );
    expect(raced.flat().filter(({ status }) => status === "accepted")).toHaveLength(1);
  });
});

/** A log whose next appends to the topic fail. */
function failing(times: number, topic = "transactions") {
  const clock = manualClock(start);
  const { eventLog } = memory({ clock });
  let left = times;
  const log: EventLog = {
    ...eventLog,
    append: async (to, records) => {
      if (to === topic && left > 0) {
        left -= 1;
        throw new EcapError("ECAP_STORAGE_FULL", "no space");
      }
      return eventLog.append(to, records);
    },
  };
  return { clock, adapters: { eventLog: log } };
}

describe("an append that fails", () => {
  test("marks nothing: the same batch sent again is accepted", async () => {
    const { send, logged, collector } = await openDoor({}, failing(1));
    await expect(send([order("a"), order("b")])).rejects.toMatchObject({
      code: "ECAP_STORAGE_FULL",
    });
    expect(collector.remembered.ids).toBe(0);
    expect(statuses(await send([order("a"), order("b")]))).toEqual(["accepted", "accepted"]);
    expect(await logged()).toHaveLength(2);
  });

  test("of one topic leaves what went to another known", async () => {
    const { send, logged } = await openDoor({}, failing(1));
    const batch = [order("a"), { id: "v", type: "visit", data: {} }];
    await expect(send(batch)).rejects.toMatchObject({ code: "ECAP_STORAGE_FULL" });
    expect(statuses(await send(batch))).toEqual(["accepted", "duplicate"]);
    expect((await logged()).toSorted()).toEqual(["a", "v"]);
  });

  test("gives a waiting twin its turn: of many concurrent senders one is accepted and none lost", async () => {
    const { send, logged } = await openDoor({}, failing(3));
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => send([order("a")])));
    const receipts = outcomes.flatMap((outcome) =>
      outcome.status === "fulfilled" ? statuses(outcome.value) : ["failed"],
    );
    expect(receipts.filter((status) => status === "failed")).toHaveLength(3);
    expect(receipts.filter((status) => status === "accepted")).toHaveLength(1);
    expect(await logged()).toEqual(["a"]);
  });
});

describe("policies", () => {
  test("unknown events are taken or quarantined", async () => {
    const event = { id: "a", type: "Never Heard", data: { x: 1 } };
    const allowing = await openDoor();
    expect(statuses(await allowing.send([event]))).toEqual(["accepted"]);
    const strict = await openDoor({ unplannedEvents: "quarantine" });
    expect(await strict.send([event])).toMatchObject([
      { status: "quarantined", code: "ECAP_SCHEMA_UNKNOWN", path: "/type" },
    ]);
  });

  test("unknown properties are kept, left out, or a reason to quarantine", async () => {
    const event = order("a", { total: 3, extra: "x" });
    const dataOf = async (policy: "allow" | "drop" | "quarantine") => {
      const { send, platform } = await openDoor({ unplannedProperties: policy });
      const receipts = await send([event]);
      const eventLog = platform.port("eventLog");
      for (const { partition, next } of await eventLog.offsets("transactions")) {
        if (next === 0) continue;
        const [record] = await eventLog.read("transactions", partition, 0);
        return record === undefined ? undefined : platform.decode(record)?.data;
      }
      return receipts[0];
    };
    expect(await dataOf("allow")).toEqual({ order_id: "o-a", total: 3, extra: "x" });
    expect(await dataOf("drop")).toEqual({ order_id: "o-a", total: 3 });
    expect(await dataOf("quarantine")).toMatchObject({
      status: "quarantined",
      code: "ECAP_PROPERTY_UNPLANNED",
      path: "/data/extra",
    });
  });
});

/** The time the log gives an event sent with these fields, or why it was refused. */
const timeOf = async (fields: object, top: object = {}): Promise<number | string | undefined> => {
  const { send, platform } = await openDoor({ maxFutureMs: 60_000 });
  const [receipt] = await send({ ...top, batch: [{ ...order("a"), ...fields }] });
  if (receipt?.status !== "accepted") return receipt?.code;
  const eventLog = platform.port("eventLog");
  for (const { partition, next } of await eventLog.offsets("transactions")) {
    const [record] = next === 0 ? [] : await eventLog.read("transactions", partition, 0);
    if (record !== undefined) {
      expect(record.timestamp).toBe(platform.decode(record)?.time);
      return platform.decode(record)?.time;
    }
  }
  return undefined;
};

describe("times", () => {
  test("a sender's clock error is taken off", async () => {
    const sentAt = new Date(start + 3_600_000).toISOString();
    const time = new Date(start + 3_590_000).toISOString();
    expect(await timeOf({ time }, { sentAt })).toBe(start - 10_000);
    expect(await timeOf({ time: new Date(start - 5).toISOString() })).toBe(start - 5);
    expect(await timeOf({})).toBe(start);
  });

  test.each([
    [{ time: "yesterday" }, "ECAP_EVENT_INVALID"],
    [{ time: {} }, "ECAP_EVENT_INVALID"],
    [{ time: 1e300 }, "ECAP_EVENT_INVALID"],
    [{ time: "2026-02-31T25:00:00Z" }, "ECAP_EVENT_INVALID"],
    [{ time: new Date(start + 60_001).toISOString() }, "ECAP_EVENT_FUTURE"],
    [{ time: "1899-12-31T23:59:59Z" }, "ECAP_EVENT_INVALID"],
    [{ time: -8e15 }, "ECAP_EVENT_INVALID"],
  ])("%j is %s", async (fields, code) => expect(await timeOf(fields)).toBe(code));

  test("a time just within the tolerance is taken", async () =>
    expect(await timeOf({ time: new Date(start + 60_000).toISOString() })).toBe(start + 60_000));
});

describe("limits", () => {
  test("a batch past its limit is refused whole, an event past its limit alone", async () => {
    const { send, logged } = await openDoor({ maxBatchEvents: 3, maxEventBytes: 200 });
    await expect(send(["a", "b", "c", "d"].map((id) => order(id)))).rejects.toMatchObject({
      code: "ECAP_BATCH_TOO_LARGE",
      status: 413,
    });
    const receipts = await send([order("a"), order("b", { pad: "x".repeat(300) }), order("c")]);
    expect(receipts.map(({ status, code }) => code ?? status)).toEqual([
      "accepted",
      "ECAP_EVENT_TOO_LARGE",
      "accepted",
    ]);
    expect(await logged()).toHaveLength(2);
  });

  test("past the events under way the answer is to come back later, and then there is room", async () => {
    const clock = manualClock(start);
    const { eventLog } = memory({ clock });
    const gate = new AbortController();
    const slow: EventLog = {
      ...eventLog,
      append: async (topic, records) => {
        if (!gate.signal.aborted) await once(gate.signal, "abort");
        return eventLog.append(topic, records);
      },
    };
    const { send } = await openDoor(
      { maxPendingEvents: 2 },
      { clock, adapters: { eventLog: slow } },
    );
    const first = send([order("a"), order("b")]);
    await expect(send([order("c")])).rejects.toMatchObject({
      code: "ECAP_OVERLOADED",
      status: 429,
      retryable: true,
    });
    gate.abort();
    await first;
    expect(statuses(await send([order("c")]))).toEqual(["accepted"]);
  });

  test("an unknown dialect is an error of the caller", async () => {
    const { send } = await openDoor();
    await expect(send([order("a")], { dialect: "klingon" })).rejects.toMatchObject({
      code: "ECAP_REQUEST_INVALID",
    });
  });
});
