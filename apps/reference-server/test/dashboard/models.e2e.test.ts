import { readFile } from "node:fs/promises";
import { systemClock } from "@ecap/sdk";
import { createProposals } from "@ecap/sdk/models";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type {
  ModelRoles,
  Performances,
  Trainings,
} from "../../../reference-dashboard/src/api/model-answers.ts";
import { noChromium } from "../support/chromium.ts";
import { type DashboardFixture, startDashboard } from "./dashboard-fixture.ts";

const now = Date.now();
const baseline = new URL("../../../../packages/plugin-fraud/models/baseline.onnx", import.meta.url);
const isRefusal = (text: string): boolean => text.startsWith("Failed to load resource");

const version = (page: Page, name: string) =>
  page.getByRole("region", { name: "Versions" }).getByRole("listitem").filter({ hasText: name });

describe.skipIf(noChromium !== undefined)("models in Chromium", () => {
  let fixture: DashboardFixture;
  let ann = "";
  beforeAll(async () => {
    fixture = await startDashboard(now);
    const { server } = fixture;
    ann = await server.key("analyst");
    // Somebody looked at every fifth payment, and found the large ones to be frauds.
    const rows = await server.rows("select transaction_id, amount from decisions", "decisions");
    const { platform } = server.composition;
    for (const [i, row] of rows.entries()) {
      if (i % 5 > 0) continue;
      const data = {
        payment_id: String(row["transaction_id"]),
        fraud: Number(row["amount"]) > 60,
        source: "test",
      };
      await platform.emit({ type: "label.recorded", tenant: "default", source: "test", data });
    }
    await platform.drain();
  }, 120_000);
  afterAll(() => fixture?.close());

  async function api<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${fixture.server.url}/v1/models/fraud${path}`, {
      method,
      headers: { authorization: `Bearer ${ann}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    expect(response.status, path).toBeLessThan(300);
    return (await response.json()) as Answer;
  }
  it("shows the model that decides: its role, how right it is, how it runs, with every number in a table", async () => {
    const { page, complaints } = await fixture.open({ path: "/#/models?period=90d" });
    await version(page, "fraud-baseline 0").getByText("champion").waitFor();
    await page.getByRole("heading", { name: "fraud-baseline 0" }).waitFor();
    const right = page.getByRole("region", { name: "How right it is" });
    await right
      .getByRole("img", { name: /^AUC, precision and recall of fraud-baseline\/0/ })
      .waitFor();
    await right.getByRole("button", { name: "Table" }).click();
    const period = `grain=week&from=${new Date(now - 89 * 86_400_000).toISOString().slice(0, 10)}&to=2100-01-01`;
    const { items } = await api<Performances>("GET", `/performance?${period}`);
    const baselineDays = items.find(({ model }) => model === "fraud-baseline/0")?.days ?? [];
    expect(await right.locator("tbody tr").count()).toBe(baselineDays.length);
    const newest = await right.locator("tbody tr").first().locator("td").allTextContents();
    expect(newest.slice(0, 2)).toEqual([
      String(baselineDays.at(-1)?.labelled),
      String(baselineDays.at(-1)?.positives),
    ]);

    const runs = page.getByRole("region", { name: "How it runs" });
    await runs.getByRole("img", { name: /^Stability index of the scores/ }).waitFor();
    await runs.getByRole("table", { name: "Drift of features" }).waitFor();
    await runs.getByRole("button", { name: "Table" }).click();
    await runs.getByRole("columnheader", { name: "99 of 100" }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("a training is begun, followed and judged; its model needs a second person, and can be rolled back", async () => {
    const { page, complaints } = await fixture.open({ path: "/#/models" });
    const trainings = page.getByRole("region", { name: "Trainings" });
    await trainings.getByLabel("What is trained").selectOption("boosted");
    await trainings.getByRole("button", { name: "Train" }).click();
    await trainings.getByText("done", { exact: true }).waitFor();
    await trainings.locator("summary").first().click();
    const [training] = (await api<Trainings>("GET", "/trainings")).items;
    const figures = trainings.getByRole("table", { name: "Evaluation" });
    expect(await figures.locator("tbody td").first().textContent()).toBe(
      training?.report?.validation?.auc.toFixed(3),
    );
    await trainings.getByText("Calibration: what its scores promised").waitFor();
    await trainings.getByText(/^amount up to/).waitFor();

    await version(page, "fraud-trained 1").getByText("challenger").waitFor();
    await page.getByRole("link", { name: "fraud-trained 1" }).click();
    const own = page.getByRole("region", { name: "fraud-trained 1" });
    await own.getByRole("button", { name: "Promote" }).click();
    await own.getByRole("alert").getByText("somebody else than who registered it").waitFor();
    await api("POST", "/versions/1/promote");
    await page.reload();
    await version(page, "fraud-trained 1").getByText("champion").waitFor();
    await own.getByRole("button", { name: "Roll back to version 0" }).click();
    await version(page, "fraud-baseline 0").getByText("champion").waitFor();
    await own.getByRole("button", { name: "Reinstate" }).waitFor();
    await page.getByRole("region", { name: "Changes" }).getByText("reinstate").first().waitFor();
    expect(complaints.filter((text) => !isRefusal(text))).toEqual([]);
    await page.context().close();
  });

  it("a model that somebody else registered becomes challenger, canary and champion", async () => {
    const model = (await readFile(baseline)).toString("base64");
    const made = await api<{ version: number }>("POST", "/versions", { model, note: "again" });
    const name = `fraud-baseline ${made.version}`;
    const { page, complaints } = await fixture.open({
      path: `/#/models?version=${made.version}`,
    });
    const own = page.getByRole("region", { name });
    await own.getByRole("button", { name: "Make challenger" }).click();
    await version(page, name).getByText("challenger").waitFor();
    await own.getByLabel("Share of the customers in percent").fill("12");
    await own.getByRole("button", { name: "Canary for" }).click();
    await version(page, name).getByText("canary 12%").waitFor();
    await own.getByRole("button", { name: "Promote" }).click();
    await version(page, name).getByText("champion").waitFor();
    await api("POST", "/versions/0/reinstate");
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("a proposal to train again is shown with its evidence, and dismissed with a reason", async () => {
    const stateStore = fixture.server.composition.platform.port("stateStore");
    const proposals = createProposals({ useCase: "fraud", stateStore, clock: systemClock });
    await proposals.raise("default", {
      version: 0,
      model: "fraud-baseline/0",
      evidence: [
        {
          kind: "decay",
          measure: "auc",
          before: 0.91,
          now: 0.84,
          pValue: 1e-6,
          labelled: 4_200,
          positives: 120,
        },
        { kind: "feature-drift", feature: "amount", psi: 0.31, threshold: 0.02, values: 9_000 },
      ],
    });
    const { page, complaints } = await fixture.open({ path: "/#/models" });
    const proposal = page.getByRole("region", { name: /fraud-baseline\/0 is not what it was/ });
    await proposal.getByText("AUC fell from 0.910 to 0.840").waitFor();
    await proposal.getByText("amount drifted: a stability index of 0.31").waitFor();
    const dismiss = proposal.getByRole("button", { name: "Dismiss" });
    expect(await dismiss.isDisabled()).toBe(true);
    await proposal.getByLabel("Why it is left as it is").fill("a week of sales");
    await dismiss.click();
    await proposal.waitFor({ state: "detached" });
    expect(await proposals.list("default")).toMatchObject([
      { state: "dismissed", closedBy: "ada", reason: "a week of sales" },
    ]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("fits a phone", async () => {
    const { page, complaints } = await fixture.open({ path: "/#/models", width: 360 });
    await page.getByRole("heading", { name: "fraud-baseline 0" }).waitFor();
    await page.waitForLoadState("networkidle");
    const beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    expect(await page.evaluate<number>(beyond)).toBeLessThanOrEqual(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it("an admin says when a challenger is promoted without a person, and takes that back", async () => {
    const { users } = fixture.server.composition.accounts;
    const root = { name: "root", password: "another long password" };
    await users.create({ ...root, role: "admin", tenant: "default" });
    const { page, complaints } = await fixture.open({ path: "/#/models", isSignedIn: false });
    await page.getByLabel("Name").fill(root.name);
    await page.getByLabel("Password").fill(root.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    const promotion = page.getByRole("region", { name: "Promotion" });
    await promotion.getByText("promoted by persons only").waitFor();
    await promotion.getByLabel("AUC larger by").fill("0.02");
    await promotion.getByLabel("on labelled payments").fill("2000");
    await promotion.getByRole("button", { name: "Promote by itself" }).click();
    await promotion.getByText("larger by 0.02, on 2,000 labelled payments").waitFor();
    const { policy } = await api<ModelRoles>("GET", "/roles");
    expect(policy).toEqual({ labels: 2_000, frauds: 50, gain: 0.02 });
    await promotion.getByRole("button", { name: "Persons only" }).click();
    await promotion.getByText("promoted by persons only").waitFor();
    expect((await api<ModelRoles>("GET", "/roles")).policy).toBeUndefined();
    expect(complaints.filter((text) => !isRefusal(text))).toEqual([]);
    await page.context().close();
  });

  it("offers a viewer nothing to change", async () => {
    const { users } = fixture.server.composition.accounts;
    const vera = { name: "vera", password: "another long password" };
    await users.create({ ...vera, role: "viewer", tenant: "default" });
    const { page } = await fixture.open({ path: "/#/models", isSignedIn: false });
    await page.getByLabel("Name").fill(vera.name);
    await page.getByLabel("Password").fill(vera.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "fraud-baseline 0" }).waitFor();
    for (const name of [
      "Train",
      "Promote",
      "Make challenger",
      "Promote by itself",
      "Roll back to version",
    ])
      expect(await page.getByRole("button", { name }).count(), name).toBe(0);
    await page.context().close();
  });
});
