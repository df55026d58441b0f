import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type SimulatedEvent, simulate } from "@ecap/sdk/simulator";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { chromiumArguments, chromiumPath } from "../support/chromium.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

const dashboard = fileURLToPath(new URL("../../../reference-dashboard", import.meta.url));
const credentials = { name: "ada", password: "a long test password" };
const dayMs = 86_400_000;
const batchEvents = 500;

export interface DashboardFixture {
  readonly server: TestServer;
  readonly browser: Browser;
  /** A browser of its own, signed in unless told otherwise, that writes down what its console complains about. */
  open(options?: {
    readonly path?: string;
    readonly isSignedIn?: boolean;
    readonly width?: number;
    readonly colorScheme?: "light" | "dark";
  }): Promise<Tab>;
  /** Sends events as a client would. */
  send(events: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
  close(): Promise<void>;
}

export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: readonly string[];
  readonly signIn: (password?: string) => Promise<void>;
}

/** The dashboard built from its sources, served by the real server with seventy days of a small simulated shop. */
export async function startDashboard(now: number): Promise<DashboardFixture> {
  const built = await mkdtemp(join(tmpdir(), "ecap-dashboard-"));
  await build({
    root: dashboard,
    logLevel: "error",
    build: { outDir: built, emptyOutDir: true, reportCompressedSize: false },
  });
  const server = await startTestServer({ dashboardDir: built });
  const { accounts, collector, platform } = server.composition;
  await accounts.users.create({ ...credentials, role: "analyst", tenant: "default" });

  async function send(events: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    const bytes = new TextEncoder().encode(JSON.stringify({ batch: events }));
    await collector.collect({ bytes, tenant: "default", source: "test", dialect: "segment" });
  }

  const history: SimulatedEvent[] = [];
  const options = { seed: "dashboard", from: now - 70 * dayMs, to: now, ordersPerDay: 6 };
  for (const event of simulate(options)) {
    if (event.at <= now) history.push(event);
  }
  for (let start = 0; start < history.length; start += batchEvents) {
    await send(history.slice(start, start + batchEvents).map(({ payload }) => payload));
  }
  const nowhere = { total: 5, currency: "EUR", country: "Unspecified" };
  const products = [{ product_id: "p-1", name: "Cup", price: 5, quantity: 1 }];
  const timestamp = new Date(now - dayMs).toISOString();
  const properties = { ...nowhere, order_id: "o-nowhere", products };
  await send([
    {
      type: "track",
      event: "Order Completed",
      messageId: "m-1",
      userId: "u-1",
      timestamp,
      properties,
    },
  ]);
  await platform.drain();

  const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments });
  const { body } = await signInByRequest(server.url);
  const cookie = { name: "ecap_session", value: body.token, url: server.url };

  return {
    server,
    browser,
    send,
    async open({ path = "/", isSignedIn = true, width = 1280, colorScheme = "light" } = {}) {
      const context = await browser.newContext({
        viewport: { width, height: 800 },
        colorScheme,
        locale: "en-GB",
        reducedMotion: "reduce",
      });
      if (isSignedIn) await context.addCookies([cookie]);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      await page.goto(`${server.url}${path}`);
      return {
        page,
        context,
        complaints,
        signIn: async (password = credentials.password) => {
          await page.getByLabel("Name").fill(credentials.name);
          await page.getByLabel("Password").fill(password);
          await page.getByRole("button", { name: "Sign in" }).click();
        },
      };
    },
    async close() {
      await browser.close();
      await server.close();
      await rm(built, { recursive: true, force: true });
    },
  };
}

/** Once for all tabs, since signing in is limited. */
async function signInByRequest(
  url: string,
): Promise<{ readonly body: { readonly token: string } }> {
  const response = await fetch(`${url}/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(credentials),
  });
  return { body: (await response.json()) as { token: string } };
}
