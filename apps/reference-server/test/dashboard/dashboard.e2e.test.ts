import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  Cohorts,
  RevenueBreakdown,
  RevenueSeries,
  Segments,
} from "../../../reference-dashboard/src/api/answers.ts";
import { noChromium } from "../support/chromium.ts";
import { type DashboardFixture, startDashboard } from "./dashboard-fixture.ts";

const dayMs = 86_400_000;
const now = Date.now();
const day = (instant: number): string => new Date(instant).toISOString().slice(0, 10);
const first = day(now - 29 * dayMs);
const last = day(now);
const custom = `/#/executive?period=custom&from=${first}&to=${last}`;
const span = `from=${first}&to=${day(now + dayMs)}`;
/** What a refused or failing request always writes to the console. */
const isRefusal = (text: string): boolean => text.startsWith("Failed to load resource");

describe.skipIf(noChromium !== undefined)("the dashboard in Chromium", () => {
  let fixture: DashboardFixture;
  let key: string;
  beforeAll(async () => {
    fixture = await startDashboard(now);
    key = await fixture.server.key("analyst");
  }, 120_000);
  afterAll(() => fixture?.close());

  async function api<Answer>(path: string): Promise<Answer> {
    const { status, body } = await fixture.server.get(`/v1/${path}`, key);
    expect(status).toBe(200);
    return body as Answer;
  }

  describe("signing in", () => {
    it("refuses a wrong password in words, takes the right one and goes back out", async () => {
      const { page, signIn, complaints } = await fixture.open({ isSignedIn: false });
      await signIn("not the password");
      await seen(page, "Wrong name or password.");
      await signIn();
      await heading(page, "Executive overview");
      await page.getByRole("button", { name: "Sign out" }).click();
      await heading(page, "Sign in");
      expect(complaints.filter((text) => !isRefusal(text))).toEqual([]);
    });

    it("asks again when the session has ended and goes on at the same place", async () => {
      const { page, context, signIn } = await fixture.open({ path: "/#/executive?period=7d" });
      await heading(page, "Executive overview");
      await context.clearCookies();
      await page.getByRole("radio", { name: "90 days" }).click();
      await seen(page, "Your session has ended. Sign in to go on where you were.");
      await signIn();
      await heading(page, "Executive overview");
      expect(new URL(page.url()).hash).toBe("#/executive?period=90d");
      expect(await page.getByRole("radio", { name: "90 days" }).isChecked()).toBe(true);
    });
  });

  describe("the executive page", () => {
    it("shows the API's key figures and their change", async () => {
      const { page, complaints } = await fixture.open({ path: custom });
      const { total, currency } = await api<RevenueSeries>(`bi/revenue?${span}&grain=day`);
      const length = Date.parse(day(now + dayMs)) - Date.parse(first);
      const before = `from=${day(Date.parse(first) - length)}&to=${first}`;
      const { total: earlier } = await api<RevenueSeries>(`bi/revenue?${before}&grain=month`);
      expect(total.orders).toBeGreaterThan(50);
      expect(currency).toBe("EUR");
      for (const [label, value, past] of [
        ["Net revenue", total.net, earlier.net],
        ["Orders", total.orders, earlier.orders],
        ["Average order value", total.averageOrderValue, earlier.averageOrderValue],
        ["Units", total.units, earlier.units],
        ["Refunded", total.refunded, earlier.refunded],
      ] as const) {
        const tile = page
          .getByRole("listitem")
          .filter({ has: page.getByRole("heading", { name: label, exact: true }) });
        // The change comes last: with it the tile has everything.
        await tile.locator(".kpi-pill").waitFor({ timeout: 30_000 });
        const shown = tile.locator(".kpi-value");
        const text =
          typeof value === "number" ? await shown.textContent() : await shown.getAttribute("title");
        expect(digits(text), label).toBe(digits(String(value)));
        const change = await tile.locator(".kpi-pill").textContent();
        expect(Number.parseFloat(change?.replace(",", "") ?? ""), label).toBeCloseTo(
          ((Number(value) - Number(past)) / Number(past)) * 100,
          0,
        );
      }
      expect(await page.locator(".kpis .as-of time").getAttribute("datetime")).toMatch(/Z$/);
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    it("shows every number of the revenue chart in a table, to the cent", async () => {
      const { page } = await fixture.open({ path: custom });
      const panel = page.getByRole("region", { name: "Revenue over time", exact: true });
      await panel.getByRole("img").waitFor();
      await panel.getByRole("button", { name: "Table" }).click();
      const { points } = await api<RevenueSeries>(`bi/revenue?${span}&grain=day`);
      const shown = await panel.locator("tbody tr td:nth-child(4)").allTextContents();
      expect(shown).toHaveLength(30);
      const known = points.map(({ net }) => digits(net)).toReversed();
      expect(shown.map(digits).filter((net) => net !== "0.00")).toEqual(known);
      await panel.getByRole("radio", { name: "Week" }).check();
      await panel
        .getByText(/^Week of/)
        .first()
        .waitFor();
      expect(page.url()).toContain("grain=week");
      await page.context().close();
    });

    it("lists every country, product and segment as the API does", async () => {
      const { page } = await fixture.open({ path: custom });
      const countries = await api<RevenueBreakdown>(`bi/revenue/by/country?${span}`);
      const products = await api<RevenueBreakdown>(`bi/products/top?${span}&limit=10`);
      const { segments } = await api<Segments>("customers/segments");
      const map = page.getByRole("region", { name: "Sales by country", exact: true });
      await map.getByRole("img").waitFor();
      expect(await column(map, 2)).toEqual(countries.rows.map(({ orders }) => String(orders)));
      expect(await map.getByRole("rowheader").first().textContent()).toBe(
        new Intl.DisplayNames("en-GB", { type: "region" }).of(countries.rows[0]?.value ?? ""),
      );
      expect(await map.locator(".unplaced").textContent()).toBe(
        "Not on the map: Unspecified €5.00 (1 order)",
      );
      const top = page.getByRole("region", { name: "Top products", exact: true }).first();
      expect(await column(top, 2)).toEqual(products.rows.map(({ units }) => String(units)));
      const groups = page.getByRole("region", { name: "Customer segments" });
      expect(await column(groups, 2)).toEqual(segments.map(({ customers }) => String(customers)));
      await page.context().close();
    });

    it("shows retention as the API does and marks the running month", async () => {
      const { page } = await fixture.open({ path: custom });
      const { cohorts } = await api<Cohorts>("customers/cohorts?metric=purchasing");
      await page.locator(".cohort-cell").first().waitFor();
      const shown = await page.locator("td.cohort-cell").allTextContents();
      const known = cohorts.flatMap(({ retention }) => retention);
      expect(shown.map((text) => Number.parseFloat(text))).toEqual(
        known.map((share) => Number((share * 100).toFixed(1))),
      );
      const running = cohorts.filter(
        ({ cohort, retention }) => addMonths(cohort, retention.length - 1) === day(now).slice(0, 7),
      );
      expect(running.length).toBeGreaterThan(0);
      expect(await page.locator("td.cohort-running").count()).toBe(running.length);
      await page.context().close();
    });

    it("says what to do where nothing was sold", async () => {
      const { page } = await fixture.open({
        path: "/#/executive?period=custom&from=2001-01-01&to=2001-01-07",
      });
      await seen(page, "No orders in this period");
      await page.getByRole("link", { name: "show all time" }).first().click();
      await page
        .getByRole("region", { name: "Revenue over time", exact: true })
        .getByRole("img")
        .waitFor();
      expect(await page.getByRole("radio", { name: "All time" }).isChecked()).toBe(true);
      await page.context().close();
    });

    it("tells what went wrong, with help, and tries again when asked", async () => {
      const { page, complaints } = await fixture.open({ path: "/#/live" });
      const problem = {
        status: 503,
        code: "ECAP_UNAVAILABLE",
        detail: "the lake is being repaired",
        help: "Wait a minute.",
        requestId: "r-1",
      };
      await page.route("**/v1/bi/products/top*", (route) =>
        route.fulfill({
          status: 503,
          contentType: "application/problem+json",
          body: JSON.stringify(problem),
        }),
      );
      await page.getByRole("link", { name: "Executive" }).click();
      const panel = page.getByRole("region", { name: "Top products", exact: true }).first();
      const notice = panel.getByRole("alert");
      await notice.waitFor();
      expect(await notice.textContent()).toMatch(
        /The lake is being repaired\..*Wait a minute\..*ECAP_UNAVAILABLE · request r-1/,
      );
      await page.unroute("**/v1/bi/products/top*");
      await panel.getByRole("button", { name: "Try again" }).click();
      await panel.getByRole("rowheader").first().waitFor();
      expect(await notice.count()).toBe(0);
      expect(complaints.filter((text) => !isRefusal(text))).toEqual([]);
      await page.context().close();
    });
  });

  describe("the live page", () => {
    it("shows an order and a decision the moment they are there", async () => {
      const { page, complaints } = await fixture.open({ path: "/#/live" });
      await page.locator(".connection-live").waitFor();
      const order = {
        order_id: "o-live-1",
        total: "1234.50",
        currency: "EUR",
        products: [{ product_id: "p", price: "1234.50", quantity: 2 }],
      };
      await fixture.send([
        {
          type: "track",
          event: "Order Completed",
          messageId: "live-1",
          userId: "u-1",
          timestamp: new Date().toISOString(),
          properties: order,
        },
      ]);
      const sender = await fixture.server.key("api_user");
      const decided = await fetch(`${fixture.server.url}/v1/fraud/assess`, {
        method: "POST",
        headers: { authorization: `Bearer ${sender}`, "content-type": "application/json" },
        body: JSON.stringify({
          id: "t-live-1",
          amount: 77.25,
          currency: "EUR",
          cardId: "c-live",
          country: "BR",
          cardCountry: "SE",
        }),
      });
      const { outcome, reasons } = (await decided.json()) as {
        outcome: string;
        reasons: { code: string }[];
      };
      const listed = page
        .getByRole("region", { name: "Latest orders" })
        .getByRole("listitem")
        .filter({ hasText: "o-live-1" });
      await listed.waitFor();
      expect(await listed.textContent()).toMatch(/€1,234\.50.*2 items/);
      const decision = page
        .getByRole("region", { name: "Latest decisions" })
        .locator(".feed-item")
        .filter({ hasText: "t-live-1" });
      await decision.waitFor();
      expect(await decision.textContent()).toContain("€77.25");
      expect(await decision.locator(`.badge-${outcome}`).count()).toBe(1);
      expect(await decision.locator("code").allTextContents()).toEqual(
        reasons.map(({ code }) => code),
      );
      await page.getByRole("img", { name: /Events of each of the last 60 seconds/ }).waitFor();
      expect(complaints).toEqual([]);
      await page.context().close();
    });

    it("says when the connection is lost and comes back by itself", async () => {
      const { page } = await fixture.open({ path: "/#/executive" });
      await page.route("**/v1/live", (route) => route.abort());
      await page.getByRole("link", { name: "Live" }).click();
      await seen(page, "Connection lost, trying again…");
      await page.unroute("**/v1/live");
      await page.locator(".connection-live").waitFor();
      await page.context().close();
    });
  });

  describe("for everyone", () => {
    it("follows the system's theme until another is chosen, which it remembers", async () => {
      const { page } = await fixture.open({ colorScheme: "dark" });
      await heading(page, "Executive overview");
      const dark = await canvasOf(page);
      await page.getByRole("button", { name: "Use the light theme" }).click();
      const light = await canvasOf(page);
      expect(luminance(dark)).toBeLessThan(0.05);
      expect(luminance(light)).toBeGreaterThan(0.8);
      await page.reload();
      await heading(page, "Executive overview");
      expect(await canvasOf(page)).toBe(light);
      await page.context().close();
    });

    it.each(["light", "dark"] as const)(
      "has text that can be read in the %s theme (WCAG AA)",
      async (colorScheme) => {
        const { page } = await fixture.open({ colorScheme });
        for (const [text, ground] of readable) {
          const pair = await page.evaluate<readonly string[]>(`(() => {
          const probe = document.createElement("span");
          document.body.append(probe);
          return ["${text}", "${ground}"].map((name) => { probe.style.color = "var(--" + name + ")"; return getComputedStyle(probe).color; });
        })()`);
          expect(
            contrast(pair[0] ?? "", pair[1] ?? ""),
            `${text} on ${ground}`,
          ).toBeGreaterThanOrEqual(4.5);
        }
        await page.context().close();
      },
    );

    it("can be used with the keyboard alone", async () => {
      const { page } = await fixture.open({ isSignedIn: false });
      await heading(page, "Sign in");
      expect(await focused(page)).toBe("name");
      await page.keyboard.type("ada");
      await page.keyboard.press("Tab");
      expect(await focused(page)).toBe("password");
      await page.keyboard.type("a long test password");
      await page.keyboard.press("Enter");
      await heading(page, "Executive overview");
      const order: string[] = [];
      for (let stop = 0; stop < 11; stop += 1) {
        await page.keyboard.press("Tab");
        order.push(await focused(page));
      }
      expect(order).toEqual([
        "Skip to content",
        "Executive",
        "Live",
        "Cases",
        "Fraud",
        "Rules",
        "Models",
        "Use the dark theme",
        "Sign out",
        "30d",
        "Refresh",
      ]);
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("ArrowLeft");
      await page.waitForFunction(`location.hash.includes("period=7d")`);
      expect(await focused(page)).toBe("7d");
      expect(
        await page.evaluate(
          `getComputedStyle(document.activeElement.nextElementSibling).outlineStyle`,
        ),
      ).toBe("solid");
      await page.context().close();
    });

    it.each(["/#/executive?period=90d", "/#/live"])("fits a phone: %s", async (path) => {
      const { page } = await fixture.open({ path, width: 360 });
      await page.locator("h1").waitFor();
      await page.waitForLoadState(path.includes("live") ? "load" : "networkidle");
      expect(
        await page.evaluate<number>(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        ),
      ).toBeLessThanOrEqual(0);
      await page.context().close();
    });
  });
});

const readable: ReadonlyArray<readonly [string, string]> = [
  ["text", "canvas"],
  ["text", "surface"],
  ["text-muted", "canvas"],
  ["text-muted", "surface"],
  ["text-muted", "surface-sunken"],
  ["accent", "surface"],
  ["on-accent", "accent"],
  ["accent-strong", "accent-soft"],
  ["good", "good-soft"],
  ["bad", "bad-soft"],
  ["warn", "warn-soft"],
  ["look", "look-soft"],
  ["text", "bad-soft"],
  ["text-muted", "bad-soft"],
  ["text", "heat-high"],
];

async function heading(page: Page, name: string): Promise<void> {
  await page.getByRole("heading", { name, exact: true, level: 1 }).waitFor();
}

async function seen(page: Page, text: string): Promise<void> {
  await page.getByText(text).first().waitFor();
}

async function column(within: Locator, index: number): Promise<readonly string[]> {
  const cells = within.locator(`tbody tr > :nth-child(${index})`);
  await cells.first().waitFor();
  return cells.allTextContents();
}

/** A number as it is written, without its currency and its thousands. */
function digits(text: string | null): string {
  return text?.replaceAll(/[^\d.-]/g, "") ?? "";
}

function addMonths(month: string, count: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + count, 1)).toISOString().slice(0, 7);
}

function canvasOf(page: Page): Promise<string> {
  return page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
}

function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    `(({ activeElement: at }) => at.type === "radio" ? at.value : at.name || at.ariaLabel || at.textContent.trim())(document)`,
  );
}

/** @see https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((channel) => {
    const share = Number(channel) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}
