import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createTracker } from "../../src/client/index.ts";
import { type FakeServer, startFakeServer } from "./fake-server.ts";
import { memoryStorage } from "./memory-storage.ts";

let server: FakeServer;
let hide: () => void;
const beacons: Array<{ url: string; body: string }> = [];

beforeEach(async () => {
  server = await startFakeServer();
  beacons.length = 0;
  const listeners = new Map<string, () => void>();
  const document = {
    title: "Home",
    referrer: "https://www.google.com/",
    visibilityState: "visible",
    addEventListener: (type: string, listener: () => void) => void listeners.set(type, listener),
  };
  vi.stubGlobal("document", document);
  vi.stubGlobal("location", {
    href: "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=brand",
    pathname: "/",
    search: "?utm_source=google&utm_medium=cpc&utm_campaign=brand",
  });
  vi.stubGlobal("navigator", {
    userAgent: "test",
    language: "en-GB",
    sendBeacon: (url: string, body: string) => beacons.push({ url, body }) > 0,
  });
  vi.stubGlobal("localStorage", memoryStorage());
  hide = () => {
    document.visibilityState = "hidden";
    listeners.get("visibilitychange")?.();
  };
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await server.close();
});

test("a session begins with the first event and carries its campaign until half an hour of silence", async () => {
  let now = Date.UTC(2026, 0, 1);
  const shop = createTracker({ host: server.host, writeKey: "key", now: () => now });
  shop.page("Home");
  now += 29 * 60_000;
  shop.track("cart.viewed", {});
  now += 31 * 60_000;
  shop.track("cart.viewed", {});
  await shop.flush();
  expect(server.taken.map((event) => event["event"] ?? event["type"])).toEqual([
    "session.started",
    "page",
    "cart.viewed",
    "session.started",
    "cart.viewed",
  ]);
  const contexts = server.taken.map((event) => Object(event["context"]));
  expect(contexts[1]).toMatchObject({
    page: { path: "/", title: "Home", referrer: "https://www.google.com/" },
    campaign: { name: "brand", source: "google", medium: "cpc" },
    locale: "en-GB",
  });
  expect(contexts[0].sessionId).toBe(contexts[2].sessionId);
  expect(contexts[3].sessionId).not.toBe(contexts[2].sessionId);
  expect(Object(server.taken[0]?.["properties"])).toMatchObject({
    session_id: contexts[0].sessionId,
    landing_page: "/",
  });
});

test("an identified visitor stays so", async () => {
  const shop = createTracker({ host: server.host, writeKey: "key" });
  shop.identify("c1", { email: "ann@mail.example" });
  shop.track("cart.viewed", {});
  await shop.flush();
  expect(server.taken.at(-1)).toMatchObject({ userId: "c1", type: "track" });
});

test("a hidden page sends what it holds by beacon, with the write key, and keeps it until it is acknowledged", async () => {
  const shop = createTracker({ host: server.host, writeKey: "key" });
  shop.page("Home");
  hide();
  expect(beacons).toHaveLength(1);
  expect(beacons[0]?.url).toBe(`${server.host}/v1/batch`);
  const { batch, writeKey } = JSON.parse(beacons[0]?.body ?? "{}");
  expect([batch.length, writeKey]).toEqual([2, "key"]);
  expect(shop.pending).toBe(2);
  await shop.flush();
  expect(server.taken.map(({ messageId }) => messageId)).toEqual(
    batch.map((event: { messageId: string }) => event.messageId),
  );
});

test("a page that cannot send a beacon sends a request that outlives it", async () => {
  vi.stubGlobal("navigator", { sendBeacon: () => false });
  const shop = createTracker({ host: server.host, writeKey: "key" });
  shop.page("Home");
  hide();
  await expect.poll(() => server.taken.length).toBe(2);
  expect(server.requests[0]).toMatchObject({ authorization: undefined, body: { writeKey: "key" } });
});
