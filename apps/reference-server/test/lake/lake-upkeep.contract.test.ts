import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { defaultConfig } from "../../src/config/default-config.ts";
import { ecap, ecapJson } from "../support/ecap-in-process.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";

const dayMs = 86_400_000;

describe("the upkeep of the lake", () => {
  let server: TestServer;
  let admin: string;
  beforeAll(async () => {
    const lake = {
      retention: { orders: { keepDays: 400, archiveAfterDays: 90 } },
      prices: { currency: "EUR", hotPerGbMonth: 23, archivePerGbMonth: 4 },
      minSmallFiles: 2,
      // The jobs stay away: what is done here is asked for.
      compaction: { cron: "0 0 29 2 *" },
      retirement: { cron: "0 0 29 2 *" },
    };
    server = await startTestServer({ config: { ...defaultConfig, lake } });
    admin = await server.key("admin");
    const { platform } = server.composition;
    const now = Date.now();
    // Two files a day: today, a day to archive, a day to delete.
    for (const turn of [1, 2]) {
      for (const [name, ageDays] of Object.entries({ young: 0, aged: 100, expired: 500 })) {
        const data = { order_id: `${name} ${turn}`, currency: "EUR", total: 10, subtotal: 10 };
        const time = now - ageDays * dayMs;
        await platform.emit({ type: "order.completed", tenant: "default", time, data });
      }
      await platform.drain();
    }
  });
  afterAll(() => server.close());
  afterEach(() => {
    process.exitCode = undefined;
  });

  const post = async (path: string, body: unknown, key = admin) => {
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const maintenance = "/v1/admin/lake/tables/orders/maintenance";
  const orderIds = async () => {
    const rows = await server.rows("select order_id from orders order by order_id", "orders");
    return rows.map((row) => row["order_id"]);
  };
  const all = ["aged 1", "aged 2", "expired 1", "expired 2", "young 1", "young 2"];

  it("is for administrators and nobody else", async () => {
    const analyst = await server.key("analyst");
    const paths = [
      "/v1/admin/lake/storage",
      "/v1/admin/lake/tables",
      maintenance,
      "/v1/admin/lineage/tables/orders",
    ];
    for (const path of paths) expect((await server.get(path, analyst)).status, path).toBe(403);
    expect((await post(maintenance, {}, analyst)).status).toBe(403);
  });

  it("tells what it would do, does it, keeps what was done, and every row is read as before", async () => {
    const told = await post(maintenance, { dryRun: true });
    expect(told.body).toMatchObject({
      compact: { removed: { files: 6, rows: 6 } },
      retire: { deleted: { files: 2, rows: 2 }, archived: { files: 2, rows: 2 } },
    });
    expect(await orderIds()).toEqual(all);

    const done = await post(maintenance, {});
    expect(done).toMatchObject({ status: 200, body: { dryRun: false, touchedFiles: 6 + 3 + 2 } });
    expect(done.body).toMatchObject({
      compact: { removed: { files: 6 }, added: { files: 3, rows: 6 } },
      retire: { deleted: { files: 1, rows: 2 }, archived: { files: 1, rows: 2 } },
      vacuum: { files: 0 },
    });
    expect(done.body).not.toHaveProperty("failed");
    expect(await orderIds()).toEqual(["aged 1", "aged 2", "young 1", "young 2"]);
    expect((await server.get(maintenance, admin)).body).toEqual({ items: [done.body] });
    const { items } = (await server.get("/v1/admin/lake/tables", admin)).body as {
      readonly items: readonly Record<string, unknown>[];
    };
    expect(items.find(({ table }) => table === "orders")).toEqual({
      table: "orders",
      keepDays: 400,
      archiveAfterDays: 90,
      lastRun: done.body,
    });
  });

  it("tells what tables take and cost", async () => {
    const { body } = await server.get("/v1/admin/lake/storage?table=orders", admin);
    expect(body).toMatchObject({
      currency: "EUR",
      tables: [
        {
          table: "orders",
          tiers: [
            { tier: "hot", live: { files: 1, rows: 2 }, old: { files: 8 } },
            { tier: "archive", live: { files: 1, rows: 2 }, old: { files: 0 } },
          ],
        },
      ],
    });
    const [table] = body["tables"] as ReadonlyArray<{
      readonly tiers: ReadonlyArray<{ readonly bytes: number; readonly costPerMonth: string }>;
    }>;
    const [hot, archive] = table?.tiers ?? [];
    expect(Number(hot?.costPerMonth)).toBeCloseTo(((hot?.bytes ?? 0) * 23) / 2 ** 30, 5);
    expect(Number(archive?.costPerMonth)).toBeCloseTo(((archive?.bytes ?? 0) * 4) / 2 ** 30, 5);
  });

  it("tells where versions came from", async () => {
    const { body } = await server.get("/v1/admin/lineage/tables/orders", admin);
    const ends = (body["items"] as readonly Record<string, unknown>[]).filter(
      ({ eventType }) => eventType === "COMPLETE",
    );
    const jobs = ends.map(({ job }) => (job as { readonly name: string }).name);
    expect(jobs).toEqual([
      "lake-retirement",
      "lake-compaction",
      "lake-sink transactions",
      "lake-sink transactions",
      "create table",
    ]);
    const second = ends[2];
    expect(second).toMatchObject({
      inputs: [{ name: "transactions", facets: { version: { offsets: expect.any(Array) } } }],
      outputs: [
        {
          name: "orders",
          facets: { version: { datasetVersion: "2" } },
          outputFacets: { outputStatistics: { rowCount: 3, fileCount: 3 } },
        },
      ],
    });
    const response = await fetch(`${server.url}/v1/admin/lineage/tables/orders?limit=2`, {
      headers: { authorization: `Bearer ${admin}`, accept: "application/x-ndjson" },
    });
    const lines = (await response.text()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      (body["items"] as readonly unknown[]).slice(0, 4),
    );
  });

  it("is reached by the command line, and the archive is read where it lies on this machine", async () => {
    const at = ["--dir", server.dir];
    expect(await ecapJson("lake", "maintain", "orders", "--steps", "compact", ...at)).toMatchObject(
      [{ table: "orders", by: "command line", touchedFiles: 0 }],
    );
    expect(await ecap("lake", "maintain", "--dry-run", ...at)).toMatch(/bronze_transactions/);
    expect(await ecapJson("lake", "runs", "orders", ...at)).toHaveLength(1);
    expect(await ecap("lake", "storage", ...at)).toMatch(/orders +archive +2 +1/);
    const lineage = await ecap("lake", "lineage", "orders", "--json", "--limit", "1", ...at);
    expect(
      lineage
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ eventType: "START" }, { eventType: "COMPLETE" }]);
    expect(await ecap("lake", "lineage", "orders", ...at)).toMatch(/lake-sink transactions/);
    const rows = await ecapJson("lake", "cat", "orders", "--columns", "order_id", ...at);
    expect(rows).toHaveLength(4);
    await expect(ecap("lake", "maintain", "no-table", ...at)).rejects.toMatchObject({
      code: "ECAP_TABLE_NOT_FOUND",
    });
  });

  it("runs as jobs that report", async () => {
    const jobs = server.composition.platform.background?.jobs;
    for (const name of ["lake-compaction", "lake-retirement"]) {
      const run = await jobs?.runNow(name);
      expect(run).toMatchObject({
        outcome: "succeeded",
        report: { tables: expect.any(Number), touchedFiles: expect.any(Number) },
      });
      const { body } = await server.get(`/v1/admin/jobs/${name}/runs`, admin);
      expect((body["items"] as readonly unknown[])[0]).toEqual(run);
    }
    expect(await orderIds()).toEqual(["aged 1", "aged 2", "young 1", "young 2"]);
  });
});
