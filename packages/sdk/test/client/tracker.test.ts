import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  createTracker,
  type DeliveryReceipt,
  type TrackerOptions,
} from "../../src/client/index.ts";
import { type Behaviour, type FakeServer, startFakeServer } from "./fake-server.ts";
import { memoryStorage } from "./memory-storage.ts";

let server: FakeServer;
beforeEach(async () => {
  server = await startFakeServer();
});
afterEach(() => server.close());

function tracker(options: Partial<TrackerOptions> = {}) {
  return createTracker({
    host: server.host,
    writeKey: "key",
    retryBaseMs: 1,
    retryMaxMs: 4,
    flushIntervalMs: 60_000,
    ...options,
  });
}

test("calls arrive in Segment's words, with the write key both ways", async () => {
  const shop = tracker();
  const id = shop.track(
    "order.completed",
    { order_id: "o1", total: "12.50", products: [{ product_id: "p", price: 12.5 }] },
    { anonymousId: "a1", context: { ip: "1.2.3.4" } },
  );
  shop.identify("c1", { email: "ann@mail.example" });
  shop.page("Home", { title: "Home" });
  shop.group("g1", { name: "Acme" });
  shop.alias("c1", "old");
  expect(shop.pending).toBe(5);
  const receipts = await shop.flush();
  expect(receipts[0]).toEqual({ id, status: "accepted" });
  expect(shop.pending).toBe(0);
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]).toMatchObject({
    path: "/v1/batch",
    authorization: `Basic ${Buffer.from("key:").toString("base64")}`,
    body: { writeKey: "key", sentAt: expect.stringMatching(/Z$/) },
  });
  expect(server.taken).toMatchObject([
    {
      type: "track",
      event: "order.completed",
      anonymousId: "a1",
      messageId: id,
      context: { ip: "1.2.3.4" },
      properties: { order_id: "o1" },
    },
    { type: "identify", userId: "c1", traits: { email: "ann@mail.example" } },
    { type: "page", name: "Home" },
    { type: "group", groupId: "g1" },
    { type: "alias", userId: "c1", previousId: "old" },
  ]);
});

test("properties of the catalogue are checked by the compiler, those of other events are free", () => {
  const shop = tracker();
  // @ts-expect-error a payment says its amount
  shop.track("payment.captured", { payment_id: "1" });
  // @ts-expect-error a total is money
  shop.track("order.completed", { total: true });
  // @ts-expect-error a typing error is no property
  shop.track("order.completed", { ordr_id: "1" });
  shop.track("quiz.finished", { score: 3 });
  expect(shop.pending).toBe(4);
});

test("whatever fails, flush drains: nothing is lost, nothing arrives out of order, one request at a time", async () => {
  const behaviour = fc.constantFrom<Behaviour>(
    "ok",
    "unavailable",
    "too many",
    "reset",
    "answer lost",
    "half",
    "too large",
    "no json",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(behaviour, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 2, max: 6 }),
      async (script, bursts, maxBatch) => {
        server.script.splice(
          0,
          Infinity,
          ...script.filter((step) => step !== "too large"),
          "ok",
          ...script,
        );
        server.taken.length = 0;
        const receipts: DeliveryReceipt[] = [];
        const shop = tracker({
          maxBatch,
          flushAt: 3,
          onReceipt: (receipt) => receipts.push(receipt),
        });
        const sent: string[] = [];
        let drained: readonly DeliveryReceipt[] = [];
        for (const burst of bursts) {
          for (let i = 0; i < burst; i += 1)
            sent.push(shop.track("cart.viewed", { cart_id: String(i) }));
          drained = await shop.flush();
        }
        expect(shop.pending).toBe(0);
        const ids = receipts.map(({ id }) => id);
        expect(ids).toEqual(sent);
        // A single event that is still too large for the server is refused for good (it may have been taken before, its answer lost); nothing else is.
        const refused = new Set(
          receipts.filter(({ status }) => status === "rejected").map(({ id }) => id),
        );
        const taken = server.taken.map(({ messageId }) => messageId);
        expect(taken).toEqual(sent.filter((id) => taken.includes(id)));
        expect(sent.filter((id) => !taken.includes(id) && !refused.has(id))).toEqual([]);
        expect(drained.length).toBeLessThanOrEqual(bursts.at(-1) ?? 0);
        expect(server.concurrent()).toBe(1);
      },
    ),
    { numRuns: 60 },
  );
}, 30_000);

test("a refused batch is rejected and not sent again, and the next one goes its way", async () => {
  server.script.push("bad request");
  const shop = tracker({ maxBatch: 2 });
  for (let i = 0; i < 3; i += 1) shop.track("cart.viewed", {});
  const receipts = await shop.flush();
  expect(receipts.map(({ status, code }) => code ?? status)).toEqual([
    "http_400",
    "http_400",
    "accepted",
  ]);
  expect(server.requests).toHaveLength(2);
});

test("a batch too large is halved, and only an event too large by itself is rejected", async () => {
  server.script.push("too large", "too large", "too large");
  const shop = tracker();
  for (let i = 0; i < 4; i += 1) shop.track("cart.viewed", {});
  const receipts = await shop.flush();
  expect(receipts.map(({ status }) => status)).toEqual([
    "rejected",
    "accepted",
    "accepted",
    "accepted",
  ]);
  expect(
    server.requests
      .map(({ body }) => (Array.isArray(body["batch"]) ? body["batch"].length : 0))
      .slice(0, 4),
  ).toEqual([4, 2, 1, 1]);
});

test("Retry-After is honoured", async () => {
  server.script.push("too many");
  server.retryAfter = "1";
  const shop = tracker();
  shop.track("cart.viewed", {});
  await shop.flush();
  const [first, second] = server.requests;
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(950);
});

test("flush gives up at its time limit and keeps the events", async () => {
  server.script.push(...Array.from({ length: 1000 }, () => "unavailable" as const));
  const shop = tracker();
  shop.track("cart.viewed", {});
  await expect(shop.flush({ timeoutMs: 30 })).rejects.toThrow(
    "1 events are still queued after 30 ms",
  );
  server.script.length = 0;
  expect(await shop.flush()).toMatchObject([{ status: "accepted" }]);
});

test("events are sent when enough are queued, and after the interval", async () => {
  const receipts: DeliveryReceipt[] = [];
  const settled = (count: number) => expect.poll(() => receipts.length).toBe(count);
  const shop = tracker({
    flushAt: 2,
    flushIntervalMs: 20,
    onReceipt: (receipt) => receipts.push(receipt),
  });
  shop.track("cart.viewed", {});
  shop.track("cart.viewed", {});
  await settled(2);
  expect(server.requests).toHaveLength(1);
  shop.track("cart.viewed", {});
  await settled(3);
});

describe("limits", () => {
  test("an event too large, and one too many, are dropped and said to be", async () => {
    const receipts: DeliveryReceipt[] = [];
    const shop = tracker({
      maxQueue: 2,
      flushAt: 10,
      onReceipt: (receipt) => receipts.push(receipt),
    });
    shop.track("note", { text: "x".repeat(40_000) });
    for (let i = 0; i < 3; i += 1) shop.track("cart.viewed", {});
    expect(receipts.map(({ code }) => code)).toEqual(["too_large", "queue_full"]);
    await shop.flush();
    expect(server.taken).toHaveLength(2);
  });

  test("a request has at most so many characters", async () => {
    const shop = tracker({ maxBatchBytes: 25_000 });
    for (let i = 0; i < 5; i += 1) shop.track("note", { text: "x".repeat(9000) });
    await shop.flush();
    expect(server.requests.length).toBe(3);
    expect(server.taken).toHaveLength(5);
  });
});

describe("consent", () => {
  test("nothing is sent or stored before it, and everything after it", async () => {
    const storage = memoryStorage();
    const shop = tracker({ requireConsent: "analytics", storage, flushAt: 1 });
    shop.track("cart.viewed", {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([server.requests.length, storage.length]).toEqual([0, 0]);
    shop.consent({ analytics: true, marketing: false });
    shop.track("cart.viewed", {});
    await shop.flush();
    expect(server.taken).toHaveLength(2);
    expect(server.taken[1]).toMatchObject({
      context: { consent: { categoryPreferences: { analytics: true, marketing: false } } },
    });
  });

  test("what waited for it is dropped when it is refused, and so is what follows", async () => {
    const receipts: DeliveryReceipt[] = [];
    const shop = tracker({
      requireConsent: "analytics",
      onReceipt: (receipt) => receipts.push(receipt),
    });
    shop.track("cart.viewed", {});
    shop.consent({ analytics: false });
    shop.track("cart.viewed", {});
    expect(receipts.map(({ code }) => code)).toEqual(["consent", "consent"]);
    expect(await shop.flush()).toEqual([]);
    expect(server.requests).toEqual([]);
  });
});

describe("storage", () => {
  test("events of a process that ended are sent by the next one, once and in order", async () => {
    const storage = memoryStorage();
    server.script.push("unavailable", "unavailable", "answer lost");
    const before = tracker({ storage, retryBaseMs: 1e6, retryMaxMs: 1e6, flushAt: 2 });
    const ids = [
      before.track("cart.viewed", {}),
      before.track("cart.viewed", {}),
      before.track("cart.viewed", {}),
    ];
    await expect.poll(() => server.requests.length).toBe(1);
    const after = tracker({ storage });
    ids.push(after.track("cart.viewed", {}));
    await after.flush();
    expect(server.taken.map(({ messageId }) => messageId)).toEqual(ids);
    expect([...storage.entries.keys()]).toEqual(["ecap:key:id"]);
  });

  test("the visitor stays the same over a restart, until reset", () => {
    const storage = memoryStorage();
    tracker({ storage });
    const id = storage.getItem("ecap:key:id");
    const again = tracker({ storage });
    expect(storage.getItem("ecap:key:id")).toBe(id);
    again.reset();
    expect(storage.getItem("ecap:key:id")).not.toBe(id);
  });

  test("a full storage loses nothing that memory holds", async () => {
    const full = memoryStorage();
    full.setItem = () => {
      throw new Error("QuotaExceededError");
    };
    const shop = tracker({ storage: full });
    shop.track("cart.viewed", {});
    expect(await shop.flush()).toHaveLength(1);
  });
});
