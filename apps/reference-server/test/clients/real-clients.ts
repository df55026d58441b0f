import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { Analytics } from "@segment/analytics-node";
import { PostHog } from "posthog-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FlakyProxy, startFlakyProxy } from "../support/flaky-proxy.ts";
import type { TestServer } from "../support/test-server.ts";

const orders = 25;
const order = (client: string, number: number) => ({
  order_id: `${client}-${number}`,
  total: 30,
  currency: "EUR",
  products: [{ product_id: "p1", price: 10, quantity: 3 }],
});
/** No schema takes an order whose products are a number. */
const bad = { order_id: "bad", products: 7 };

/** What the real clients of other platforms deliver to a server, configured only to point at it. */
export function realClients(name: string, start: () => Promise<TestServer>): void {
  describe(`the real clients of other platforms, ${name}`, () => {
    let server: TestServer;
    let key: string;

    beforeAll(async () => {
      server = await start();
      key = await server.key("api_user");
    }, 120_000);
    afterAll(() => server.close());

    /** Sends through a proxy that lies once, so that every client must retry what the server has already taken. */
    async function through(send: (proxy: FlakyProxy) => Promise<void>): Promise<void> {
      const proxy = await startFlakyProxy(server.url, 1);
      try {
        await send(proxy);
        expect(proxy.lied()).toBe(1);
      } finally {
        await proxy.close();
      }
    }

    async function expectOnce(client: string): Promise<void> {
      const rows = await server.rows(
        `select count(*) n, count(distinct order_id) orders, sum(total) total from orders where order_id like '${client}-%'`,
        "orders",
      );
      expect(rows).toEqual([{ n: orders, orders, total: `${orders * 30}.0000` }]);
      const letters = await server.rows(
        `select count(*) n from orders where order_id = 'bad'`,
        "orders",
      );
      expect(letters).toEqual([{ n: 0 }]);
    }

    it("Segment's Node client delivers every event once, with a forced retry and a bad event in the batch", async () => {
      await through(async (proxy) => {
        const client = new Analytics({
          writeKey: key,
          host: proxy.url,
          flushAt: 10,
          flushInterval: 50,
        });
        for (let number = 0; number < orders; number += 1)
          client.track({
            userId: "u1",
            event: "Order Completed",
            properties: order("segment", number),
          });
        client.track({ userId: "u1", event: "Order Completed", properties: bad });
        client.identify({ userId: "u1", traits: { email: "u1@example.com" } });
        await client.closeAndFlush({ timeout: 20_000 });
      });
      await expectOnce("segment");
      expect(
        await server.rows(
          "select customer_id, email from customers where customer_id = 'u1'",
          "customers",
        ),
      ).toEqual([{ customer_id: "u1", email: "u1@example.com" }]);
    }, 60_000);

    it("RudderStack's Node client, which sends gzip as form data, does too", async () => {
      await through(async (proxy) => {
        const client = new RudderAnalytics(key, {
          dataPlaneUrl: proxy.url,
          flushAt: 10,
          flushInterval: 50,
          logLevel: "error",
        });
        const sent = Array.from(
          { length: orders },
          (_, number) =>
            new Promise<void>((resolve, reject) => {
              client.track(
                { userId: "u2", event: "Order Completed", properties: order("rudder", number) },
                (error?: unknown) => (error instanceof Error ? reject(error) : resolve()),
              );
            }),
        );
        client.track({ userId: "u2", event: "Order Completed", properties: bad });
        await Promise.all(sent);
        await client.flush();
      });
      await expectOnce("rudder");
    }, 60_000);

    it("PostHog's Node client does too", async () => {
      await through(async (proxy) => {
        const client = new PostHog(key, {
          host: proxy.url,
          flushAt: 10,
          flushInterval: 50,
          fetchRetryDelay: 100,
        });
        for (let number = 0; number < orders; number += 1)
          client.capture({
            distinctId: "u3",
            event: "Order Completed",
            properties: order("posthog", number),
          });
        client.capture({ distinctId: "u3", event: "Order Completed", properties: bad });
        await client.shutdown(20_000);
      });
      await expectOnce("posthog");
    }, 60_000);

    it("keeps each bad event, with the reason, as a dead letter", async () => {
      const admin = await server.key("admin");
      const { body } = await server.get("/v1/admin/dead-letters?topic=transactions", admin);
      const letters = body["items"] as ReadonlyArray<{ code: string; path: string }>;
      expect(letters.length).toBeGreaterThanOrEqual(3);
      expect(new Set(letters.map(({ code, path }) => `${code} ${path}`))).toEqual(
        new Set(["ECAP_EVENT_INVALID /data/products"]),
      );
    });
  });
}
