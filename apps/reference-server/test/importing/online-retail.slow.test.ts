import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbFileEngine, duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { embedded } from "@ecap/adapter-embedded";
import { s3ObjectStore } from "@ecap/adapter-s3";
import type { AdapterSet, Clock } from "@ecap/sdk";
import type { LakeStorage, MaintenanceRun } from "@ecap/sdk/lake";
import { manualClock } from "@ecap/sdk/memory";
import { describe, expect, it } from "vitest";
import {
  emptyAndClose,
  endpoint,
  testBucket,
} from "../../../../packages/adapters/s3/test/test-bucket.ts";
import { type Api, openApi } from "../../src/commands/api.ts";
import { defaultConfig } from "../../src/config/default-config.ts";
import { readMapping } from "../../src/importing/mapping.ts";
import { runImport } from "../../src/importing/run-import.ts";
import {
  expected,
  measured,
  noRetail,
  published,
  retailFile,
  retailMapping,
} from "./online-retail.ts";

const dayMs = 86_400_000;
/** Tables that the file's lines are in. */
const tables = [
  "bronze_transactions",
  "orders",
  "order_lines",
  "refunds",
  "refund_lines",
  "adjustments",
  "payments",
];

interface Place {
  readonly name: string;
  readonly skip: boolean;
  /** The adapters of a start, on what the starts before left. */
  readonly adapters: (dir: string, clock: Clock) => readonly AdapterSet[];
  readonly clear: () => Promise<void>;
}

const files: Place = {
  name: "files",
  skip: false,
  adapters: (dir, clock) => [embedded({ dir, clock })],
  clear: async () => {},
};

/** Everything embedded, but for the lake. */
function onS3(): Place {
  const bucket = testBucket();
  return {
    name: "S3",
    skip: endpoint === undefined && process.env["CI"] !== "true",
    adapters(dir, clock) {
      const objectStore = s3ObjectStore({ ...bucket, cacheDir: join(dir, "cache") });
      const engine = duckdbFileEngine({ objects: objectStore, threads: 1 });
      const tableStore = deltaTableStore({ objects: objectStore, engine, clock });
      const queryEngine = duckdbQueryEngine({ tables: tableStore, objects: objectStore });
      return [
        embedded({ dir, clock }),
        {
          name: "lake on S3",
          objectStore,
          tableStore,
          queryEngine,
          async close() {
            for (const part of [queryEngine, tableStore, engine, objectStore]) await part.close();
          },
        },
      ];
    },
    clear: () => emptyAndClose(s3ObjectStore(bucket)),
  };
}

describe.skipIf(noRetail !== undefined)(`Online Retail ${noRetail ?? ""}`, () => {
  it.each([files, onS3()].filter(({ skip }) => !skip))(
    "on $name gives the published numbers to the cent: imported again the same day and a month later, compacted, archived and vacuumed",
    async ({ adapters, clear }) => {
      const dir = await mkdtemp(join(tmpdir(), "ecap-retail-"));
      const clock = manualClock(Date.now());
      const archiveAfterDays = Math.floor((clock.now() - Date.UTC(2011, 5, 1)) / dayMs);
      const config = {
        ...defaultConfig,
        adapters: (to: string) => adapters(to, clock),
        lake: {
          minSmallFiles: 2,
          retention: Object.fromEntries(tables.map((table) => [table, { archiveAfterDays }])),
        },
      };
      const settings = { config, dir, host: "127.0.0.1", port: 0, tenant: "default" };
      const mapping = await readMapping(retailMapping);
      let firstEvents = 0;
      for (const days of [0, 0, 30]) {
        clock.advance(days * dayMs);
        const api = await openApi(settings);
        const report = await runImport(api, retailFile, mapping, () => {});
        const { accepted, duplicate, quarantined } = report.events;
        firstEvents ||= accepted;
        expect(report.lines).toMatchObject({ total: published.lines, unreadable: 0 });
        expect(Object.values(report.lines.byKind).reduce((a, b) => a + b, 0)).toBe(published.lines);
        expect({ events: accepted + duplicate, quarantined }).toEqual({
          events: firstEvents,
          quarantined: 0,
        });
        expect(await measured(api)).toEqual(expected);
        await api.close();
      }

      const api = await openApi(settings);
      const [before, compacted] = [await takes(api), await keep(api, "compact")];
      expect(sumOf(compacted, ({ compact }) => compact?.removed.files)).toBeGreaterThan(300);
      expect(await measured(api)).toEqual(expected);
      const archived = await keep(api, "retire");
      expect(sumOf(archived, ({ retire }) => retire?.archived.rows)).toBeGreaterThan(100_000);
      expect(await measured(api)).toEqual(expected);
      clock.advance(8 * dayMs);
      const vacuumed = await keep(api, "vacuum");
      expect(sumOf(vacuumed, ({ freedBytes }) => freedBytes)).toBeGreaterThan(0);
      expect(await measured(api)).toEqual(expected);
      const after = await takes(api);
      expect(after.old).toBe(0);
      expect(after.rows).toBe(before.rows);
      expect(after.live).toBeLessThan(before.live);
      await api.close();
      await clear();
      await rm(dir, { recursive: true, force: true });
    },
    900_000,
  );
});

async function keep(api: Api, step: string): Promise<readonly MaintenanceRun[]> {
  const runs: MaintenanceRun[] = [];
  for (const table of tables) {
    const path = `/v1/admin/lake/tables/${table}/maintenance`;
    const run = await api.call<MaintenanceRun>("POST", path, { steps: [step] });
    expect(run).not.toHaveProperty("failed");
    runs.push(run);
  }
  return runs;
}

function sumOf(
  runs: readonly MaintenanceRun[],
  of: (run: MaintenanceRun) => number | undefined,
): number {
  return runs.reduce((sum, run) => sum + (of(run) ?? 0), 0);
}

/** Of those tables, both tiers together. */
async function takes(
  api: Api,
): Promise<{ readonly rows: number; readonly live: number; readonly old: number }> {
  const found = await api.call<LakeStorage>("GET", "/v1/admin/lake/storage");
  const tiers = found.tables
    .filter(({ table }) => tables.includes(table))
    .flatMap((table) => table.tiers);
  const sum = (of: (tier: (typeof tiers)[number]) => number): number =>
    tiers.reduce((total, tier) => total + of(tier), 0);
  return {
    rows: sum(({ live }) => live.rows ?? 0),
    live: sum(({ live }) => live.bytes),
    old: sum(({ old }) => old.bytes),
  };
}
