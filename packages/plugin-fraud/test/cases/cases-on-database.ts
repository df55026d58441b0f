import { silentLogger } from "@ecap/sdk";
import { manualClock, memoryObjectStore } from "@ecap/sdk/memory";
import type { Kysely } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Alert, Entity } from "../../src/cases/alert.ts";
import type { CaseContext } from "../../src/cases/case-context.ts";
import { takeStep } from "../../src/cases/case-desk.ts";
import { addFile } from "../../src/cases/case-files.ts";
import { defaultCaseOptions } from "../../src/cases/case-options.ts";
import type { CaseTables } from "../../src/cases/case-tables.ts";
import { exportCases } from "../../src/cases/export-cases.ts";
import { forgetCases } from "../../src/cases/forget-cases.ts";
import { labelPayments } from "../../src/cases/labels/label-case.ts";
import { readCase } from "../../src/cases/read-cases.ts";
import { takeAlerts } from "../../src/cases/take-alerts.ts";

export interface CaseDatabase {
  readonly db: Kysely<CaseTables>;
  readonly close: () => Promise<void>;
}

const now = Date.UTC(2026, 0, 31);

/** What cases promise of a database, whichever it is. */
export function casesOnDatabase(name: string, open: () => Promise<CaseDatabase>): void {
  describe(`cases on ${name}`, () => {
    let database: CaseDatabase;
    beforeAll(async () => {
      database = await open();
    });
    afterAll(() => database?.close());

    const take = (alerts: readonly Alert[]) =>
      takeAlerts(database.db, alerts, defaultCaseOptions, now);
    const casesOf = (tenant: string) =>
      database.db
        .selectFrom("cases")
        .selectAll()
        .where("tenant", "=", tenant)
        .orderBy("number")
        .execute();
    /** Payments of each case that is none merged, as a set of sets. */
    const groups = async (tenant: string) => {
      const rows = await database.db
        .selectFrom("case_alerts")
        .select(["transaction_id", "case_number"])
        .where("tenant", "=", tenant)
        .orderBy("transaction_id")
        .execute();
      const byCase = new Map<number, string[]>();
      for (const row of rows)
        byCase.set(row.case_number, [...(byCase.get(row.case_number) ?? []), row.transaction_id]);
      return new Set([...byCase.values()].map((ids) => ids.join(",")));
    };
    const context = (emitted: unknown[] = []): CaseContext => ({
      open: async () => database.db,
      options: defaultCaseOptions,
      clock: manualClock(now),
      emit: async (event) => {
        emitted.push(event);
        return "id";
      },
      desk: undefined as unknown as CaseContext["desk"],
      engine: () => undefined,
      objects: () => {
        throw new Error("no objects here");
      },
      audit: async () => silentLogger.debug({}, "audited"),
    });

    it("takes an alert once, however often and in whichever batches it comes", async () => {
      const alerts = Array.from({ length: 40 }, (_, i) =>
        alertOf("once", `p-${i}`, [`card:${i % 7}`]),
      );
      expect(await take(alerts)).toBe(40);
      const before = await casesOf("once");
      for (const size of [1, 7, 40])
        for (let start = 0; start < alerts.length; start += size)
          expect(await take(alerts.slice(start, start + size))).toBe(0);
      expect(await casesOf("once")).toEqual(before);
      expect(before).toHaveLength(7);
      for (const row of before) {
        expect(row.amount).toBeCloseTo(row.alerts * 100, 6);
        expect(row.expected_loss).toBeCloseTo(row.alerts * 50, 6);
        expect(row.due_at.getTime() - now).toBe(row.alerts * 50 >= 100 ? 86_400_000 : 0);
      }
    });

    it("comes to the same cases however alerts are batched, also in many processes at once", async () => {
      const alerts = Array.from({ length: 60 }, (_, i) => [`card:${i % 20}`, `device:${i % 15}`]);
      const of = (tenant: string) =>
        alerts.map((entities, i) => alertOf(tenant, `p-${i}`, entities));
      await take(of("whole"));
      for (const alert of of("single")) await take([alert]);
      const racing = of("racing");
      await Promise.all(
        Array.from({ length: 6 }, (_, k) => take(racing.filter((__, i) => i % 6 === k))),
      );
      const expected = await groups("whole");
      expect(expected.size).toBe(5);
      expect(await groups("single")).toEqual(expected);
      expect(await groups("racing")).toEqual(expected);
      for (const tenant of ["whole", "single", "racing"]) {
        const left = (await casesOf(tenant)).filter(({ state }) => state === "new");
        expect(left.reduce((sum, { alerts: count }) => sum + count, 0)).toBe(60);
        expect(left).toHaveLength(5);
      }
    });

    it("exports what it keeps about a customer, and about nobody else", async () => {
      const tenant = "export";
      const of = (id: string, customerId: string) => ({
        ...alertOf(tenant, id, [`customer:${customerId}`]),
        customerId,
      });
      await take([of("p-1", "c-1"), of("p-2", "c-2")]);
      expect(await exportCases(context(), { tenant, customerId: "c-1" })).toMatchObject([
        { transaction_id: "p-1", evidence: { reasons: [] } },
      ]);
      expect(await exportCases(context(), { tenant: "other", customerId: "c-1" })).toEqual([]);
    });

    it("lets one of many analysts win, and writes down what the others could not do nowhere", async () => {
      await take([alertOf("race", "p-1", ["card:1"])]);
      const tries = Array.from({ length: 8 }, (_, i) =>
        takeStep(
          context(),
          { tenant: "race", by: `analyst-${i}` },
          { number: 1, version: 1 },
          { do: "assign", to: `analyst-${i}` },
        ),
      );
      const settled = await Promise.allSettled(tries);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const { row, events } = await readCase(database.db, "race", 1);
      expect(row.version).toBe(2);
      expect(events).toMatchObject([{ action: "assign", by: row.assignee }]);
    });

    it("labels nothing where the label could not be put on the log", async () => {
      await take([alertOf("label", "p-1", ["card:1"])]);
      const broken: CaseContext = { ...context(), emit: () => Promise.reject(new Error("full")) };
      const actor = { tenant: "label", by: "ann" };
      const seen = { number: 1, version: 1 };
      const request = { verdict: "fraud" } as const;
      await expect(labelPayments(broken, actor, seen, request)).rejects.toThrow("full");
      expect(await readCase(database.db, "label", 1)).toMatchObject({
        row: { version: 1 },
        alerts: [{ verdict: null }],
        events: [],
      });
      const emitted: unknown[] = [];
      await labelPayments(context(emitted), actor, seen, request);
      expect(emitted).toMatchObject([
        {
          type: "label.recorded",
          tenant: "label",
          data: { payment_id: "p-1", fraud: true, source: "analyst", labelled_by: "ann" },
        },
      ]);
    });

    it("forgets closed cases after their time, with their files and what was merged into them", async () => {
      const tenant = "forget";
      await take([1, 2, 3].map((i) => alertOf(tenant, `p-${i}`, [`card:${i}`])));
      const actor = { tenant, by: "ann" };
      const objects = memoryObjectStore();
      const of = { ...context(), objects: () => objects };
      const content = Buffer.from("text").toString("base64");
      await addFile(of, actor, 1, { name: "a.txt", mediaType: "text/plain", content });
      await takeStep(of, actor, { number: 1, version: 1 }, { do: "merge", into: 2 });
      const resolution = "legitimate";
      await takeStep(of, actor, { number: 2, version: 2 }, { do: "close", resolution });
      const later = (days: number) => ({ ...of, clock: manualClock(now + days * 86_400_000) });
      expect(await forgetCases(later(729))).toEqual({ removed: 0 });
      expect(await forgetCases(later(731))).toEqual({ removed: 2 });
      expect(await casesOf(tenant)).toMatchObject([{ number: 3, state: "new" }]);
      expect(await groups(tenant)).toEqual(new Set(["p-3"]));
      const kept: string[] = [];
      for await (const { key } of objects.list("")) kept.push(key);
      expect(kept).toEqual([]);
      await expect(readCase(database.db, tenant, 2)).rejects.toThrow("no case 2");
    });

    it("merges by hand with all that belongs to a case, and takes alerts on for the one that is left", async () => {
      const tenant = "merge";
      await take([alertOf(tenant, "p-1", ["card:1"]), alertOf(tenant, "p-2", ["card:2"])]);
      const actor = { tenant, by: "ann" };
      await takeStep(context(), actor, { number: 1, version: 1 }, { do: "merge", into: 2 });
      await take([alertOf(tenant, "p-3", ["card:1"])]);
      expect(await casesOf(tenant)).toMatchObject([
        { number: 1, state: "merged", merged_into: 2 },
        { number: 2, state: "new", alerts: 3, amount: 300 },
      ]);
      for (const into of [1, 9])
        await expect(
          takeStep(context(), actor, { number: 2, version: 3 }, { do: "merge", into }),
        ).rejects.toThrow(/merged|no case/);
    });
  });
}

function alertOf(tenant: string, transactionId: string, keys: readonly string[]): Alert {
  return {
    tenant,
    transactionId,
    decisionId: `fraud-decision/${transactionId}`,
    time: now,
    decidedAt: now,
    outcome: "review",
    score: 50,
    probability: 0.5,
    amount: 100,
    expectedLoss: 50,
    currency: "EUR",
    orderId: null,
    customerId: null,
    country: null,
    entities: keys.map((key) => {
      const [kind = "card", value = ""] = key.split(":");
      return { kind: kind as Entity["kind"], value };
    }),
    evidence: JSON.stringify({ reasons: [], features: {}, facts: {} }),
  };
}
