import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumArguments, chromiumPath, noChromium } from "../support/chromium.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

const analyticsNext = join(
  dirname(createRequire(import.meta.url).resolve("@segment/analytics-next/package.json")),
  "dist/umd/standalone.js",
);

/** A shop's page on another origin, with Segment's snippet reduced to what it needs: a key, and where the settings come from. */
const page = (
  key: string,
  cdn: string,
): string => `<!doctype html><title>shop</title><link rel="icon" href="data:,">
<script>
  window.analytics = []; window.analytics._writeKey = ${JSON.stringify(key)}; window.analytics._cdn = ${JSON.stringify(cdn)};
  for (const name of ["track", "identify", "page", "ready"]) window.analytics[name] = (...args) => window.analytics.push([name, ...args]);
</script><script src="/analytics.js"></script>`;

describe.skipIf(noChromium !== undefined)("Segment's browser client in Chromium", () => {
  let server: TestServer;
  let shop: Server;
  let browser: Browser;
  let shopUrl: string;

  beforeAll(async () => {
    server = await startTestServer();
    const key = await server.key("api_user");
    const script = await readFile(analyticsNext);
    shop = createServer((request, response) => {
      if (request.url === "/analytics.js")
        response.writeHead(200, { "content-type": "text/javascript" }).end(script);
      else response.writeHead(200, { "content-type": "text/html" }).end(page(key, server.url));
    });
    await new Promise<void>((resolve) => {
      shop.listen(0, "127.0.0.1", resolve);
    });
    shopUrl = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments });
  });
  afterAll(async () => {
    await browser?.close();
    shop?.close();
    await server?.close();
  });

  it("loads its settings from the server and delivers its events across origins, each once", async () => {
    const tab = await browser.newPage();
    const failures: string[] = [];
    tab.on("console", (message) => {
      if (message.type() === "error") failures.push(message.text());
    });
    const answers: Array<{ path: string; status: number }> = [];
    tab.on("response", (response) =>
      answers.push({ path: new URL(response.url()).pathname, status: response.status() }),
    );
    await tab.goto(shopUrl);
    await tab.evaluate(async () => {
      const { analytics } = globalThis as typeof globalThis & {
        analytics: { identify: Function; track: Function; page: Function };
      };
      await analytics.identify("browser-1", { email: "b@example.com" });
      await analytics.page("Cart");
      await analytics.track("Order Completed", {
        order_id: "browser-order",
        total: 12.5,
        currency: "EUR",
        products: [{ product_id: "p", price: 12.5, quantity: 1 }],
      });
      await analytics.track("Order Completed", { order_id: "browser-bad", products: 7 });
    });
    await expect
      .poll(
        () =>
          answers.filter(({ path, status }) => path.startsWith("/v1/") && status === 200).length,
        { timeout: 15_000 },
      )
      .toBeGreaterThanOrEqual(5);
    expect(failures).toEqual([]);
    expect(
      await server.rows(
        "select order_id, total, customer_id from orders where order_id like 'browser%'",
        "orders",
      ),
    ).toEqual([{ order_id: "browser-order", total: "12.5000", customer_id: "browser-1" }]);
    expect(
      await server.rows(
        "select type, count(*) n from bronze_user_events group by 1 order by 1",
        "bronze_user_events",
      ),
    ).toEqual([
      { type: "customer.identified", n: 1 },
      { type: "page.viewed", n: 1 },
    ]);
  });
});
