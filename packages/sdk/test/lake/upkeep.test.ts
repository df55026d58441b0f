import {
  EcapError,
  type FileTotals,
  isEcapError,
  silentLogger,
  type TableMaintenance,
} from "@ecap/sdk";
import { createLakeUpkeep, defineLakeTable, type LakeOptions } from "@ecap/sdk/lake";
import { manualClock, memoryStore } from "@ecap/sdk/memory";
import { describe, expect, it } from "vitest";

const none: FileTotals = { files: 0, bytes: 0, rows: 0 };
const orders = defineLakeTable({
  name: "orders",
  description: "orders",
  columns: [],
  from: [],
  retention: { keepDays: 400 },
  rows: () => [],
});

interface Call {
  readonly step: string;
  readonly table: string;
  readonly options?: object;
}

/** A place where work waits until it is opened. */
function gate() {
  let [arrive, open] = [() => {}, () => {}];
  const reached = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { reached, open: () => open(), passed: () => (arrive(), opened) };
}

interface Faults {
  readonly fails?: (call: Call) => boolean;
  /** A table whose log cannot be read. */
  readonly broken?: string;
  /** Waited for in a vacuum. */
  readonly meanwhile?: () => Promise<void>;
}

/** A store whose tables have work for two rounds of compaction and retirement, and remember what was asked of them. */
function fakeStore({ fails = () => false, broken, meanwhile }: Faults) {
  const calls: Call[] = [];
  const rounds = new Map<string, number>();
  const left = (call: Call): boolean => {
    calls.push(call);
    if (fails(call)) throw new EcapError("ECAP_STORAGE_CORRUPT", "a file is gone");
    const key = `${call.step} ${call.table}`;
    const round = (rounds.get(key) ?? 0) + 1;
    rounds.set(key, round);
    return round <= 2;
  };
  const maintenance: TableMaintenance = {
    compact: async (table, options) =>
      left({ step: "compact", table, ...(options && { options }) })
        ? {
            removed: { files: 10, bytes: 1_000, rows: 5 },
            added: { files: 1, bytes: 600, rows: 5 },
            version: 1,
          }
        : { removed: none, added: none },
    retire: async (table, options) =>
      left({ step: "retire", table, options })
        ? {
            deleted: { files: 1, bytes: 50, rows: 2 },
            archived: { files: 2, bytes: 70 },
            version: 2,
          }
        : { deleted: none, archived: none },
    vacuum: async (table) => {
      left({ step: "vacuum", table });
      await meanwhile?.();
      return { files: 3, bytes: 900 };
    },
    checkpoint: async (table) => {
      left({ step: "checkpoint", table });
      return { removedLogFiles: 0 };
    },
    storage: async () => ({
      hot: {
        live: { files: 1, bytes: 2 ** 30, rows: 9 },
        old: { files: 1, bytes: 2 ** 29 },
        log: { files: 1, bytes: 2 ** 29 },
      },
      archive: { live: { files: 1, bytes: 2 ** 30, rows: 9 }, old: none, log: none },
    }),
  };
  const tableStore = {
    ensure: async () => {},
    append: async () => undefined,
    snapshot: async (table: string) => {
      if (table === "missing") throw new EcapError("ECAP_TABLE_NOT_FOUND", "there is no table");
      if (table === broken) throw new EcapError("ECAP_TABLE_CORRUPT", "its log has a gap");
      return {
        table,
        version: 0,
        timestamp: 0,
        schema: { columns: [] },
        files: [],
        transactions: new Map(),
      };
    },
    history: async () => [],
    tables: async () => ["orders", "bronze_transactions", "foreign"],
    maintenance,
  };
  return { tableStore, maintenance, calls };
}

function setUp(options: LakeOptions = {}, faults: Faults = {}) {
  const clock = manualClock(Date.UTC(2026, 5, 1, 12));
  const { stateStore } = memoryStore({ clock });
  const store = fakeStore(faults);
  const logger = silentLogger;
  const make = () =>
    createLakeUpkeep({
      ...store,
      stateStore,
      clock,
      logger,
      tables: [orders],
      topics: ["transactions"],
      options,
    });
  return { clock, calls: store.calls, make, upkeep: make() };
}

describe("the upkeep of a table", () => {
  it("does each step until nothing is left, and tells sums", async () => {
    const { upkeep, calls } = setUp({ retention: { orders: { archiveAfterDays: 90 } } });
    const run = await upkeep.maintain({ table: "orders", by: "somebody" });
    expect(run).toMatchObject({
      compact: {
        removed: { files: 20, bytes: 2_000, rows: 10 },
        added: { files: 2, bytes: 1_200 },
      },
      retire: { deleted: { files: 2, bytes: 100, rows: 4 }, archived: { files: 4, bytes: 140 } },
      vacuum: { files: 3, bytes: 900 },
      savedBytes: 800 + 100,
      freedBytes: 900,
      touchedFiles: 20 + 2 + 2 + 4 + 3,
    });
    expect(calls.map(({ step }) => step)).toEqual([
      "compact",
      "compact",
      "compact",
      "retire",
      "retire",
      "retire",
      "vacuum",
      "checkpoint",
    ]);
    expect(calls.find(({ step }) => step === "retire")?.options).toMatchObject({
      by: "date",
      deleteBefore: "2025-04-27",
      archiveBefore: "2026-03-03",
      commitInfo: { job: "lake-retirement" },
    });
    expect(await upkeep.runs("orders")).toEqual([run]);
  });

  it("leaves tables without retention where they are, and keeps no dry run and none that did nothing", async () => {
    const { upkeep, calls } = setUp();
    const table = "bronze_transactions";
    await upkeep.maintain({ table, by: "x", dryRun: true });
    await upkeep.maintain({ table, by: "x", steps: ["retire"] });
    expect(calls.filter(({ step }) => step === "retire")).toEqual([]);
    expect(await upkeep.runs(table)).toEqual([]);
  });

  it("tells of a step that failed, does none after it, and keeps that", async () => {
    const { upkeep, calls } = setUp({}, { fails: ({ step }) => step === "compact" });
    const run = await upkeep.maintain({ table: "orders", by: "x" });
    expect(run.failed).toMatchObject({ step: "compact", code: "ECAP_STORAGE_CORRUPT" });
    expect(calls).toHaveLength(1);
    expect(await upkeep.runs("orders")).toEqual([run]);
  });

  it("is one process's at a time", async () => {
    const vacuum = gate();
    const { upkeep, make } = setUp({}, { meanwhile: vacuum.passed });
    const other = make();
    const first = upkeep.maintain({ table: "orders", by: "first" });
    await vacuum.reached;
    await expect(other.maintain({ table: "orders", by: "second" })).rejects.toSatisfy((error) =>
      isEcapError(error, "ECAP_CONFLICT"),
    );
    vacuum.open();
    await first;
    await other.maintain({ table: "orders", by: "second" });
    expect((await upkeep.runs("orders")).map(({ by }) => by)).toEqual(["second", "first"]);
  });

  it("is another's after ten minutes where a process ended in the middle", async () => {
    const vacuum = gate();
    const { upkeep, make, clock } = setUp({}, { meanwhile: vacuum.passed });
    const ended = upkeep.maintain({ table: "orders", by: "first" });
    await vacuum.reached;
    clock.advance(9 * 60_000);
    await expect(make().maintain({ table: "orders", by: "x", steps: ["compact"] })).rejects.toThrow(
      "another process",
    );
    clock.advance(2 * 60_000);
    await make().maintain({ table: "orders", by: "second", steps: ["compact"] });
    vacuum.open();
    await ended;
  });

  it("knows no table that is not there", async () => {
    const { upkeep } = setUp();
    await expect(upkeep.maintain({ table: "missing", by: "x" })).rejects.toThrow("no table");
  });
});

describe("the jobs", () => {
  const signal = new AbortController().signal;

  it("keep every table of the platform and no other, and report sums", async () => {
    const { upkeep, calls } = setUp();
    const [compaction, retirement] = upkeep.jobs;
    expect(upkeep.jobs.map(({ name }) => name)).toEqual(["lake-compaction", "lake-retirement"]);
    expect(await compaction?.run({ signal })).toEqual({
      tables: 2,
      touchedFiles: 44,
      savedBytes: 1_600,
      freedBytes: 0,
    });
    expect(await retirement?.run({ signal })).toMatchObject({ tables: 2, freedBytes: 1_800 });
    expect(new Set(calls.map(({ table }) => table))).toEqual(
      new Set(["orders", "bronze_transactions"]),
    );
  });

  it("let a table that fails keep no other from its turn, and say so at the end", async () => {
    const { upkeep, calls } = setUp({}, { fails: ({ table }) => table === "bronze_transactions" });
    await expect(upkeep.jobs[0]?.run({ signal })).rejects.toThrow(
      "bronze_transactions (ECAP_STORAGE_CORRUPT)",
    );
    expect(calls.some(({ table }) => table === "orders")).toBe(true);
  });

  it("let a table whose log cannot be read keep no other from its turn either", async () => {
    const { upkeep, calls } = setUp({}, { broken: "bronze_transactions" });
    await expect(upkeep.jobs[1]?.run({ signal })).rejects.toThrow(
      "bronze_transactions (ECAP_TABLE_CORRUPT)",
    );
    expect(calls.some(({ table }) => table === "orders")).toBe(true);
  });
});

describe("what a lake takes and costs", () => {
  it("is told by table and tier, exactly", async () => {
    const prices = { currency: "EUR", hotPerGbMonth: 0.023, archivePerGbMonth: 0.004 };
    const { upkeep } = setUp({ prices });
    const { tables, ...all } = await upkeep.storage();
    expect(all).toEqual({ currency: "EUR", bytes: 6 * 2 ** 30, costPerMonth: "0.100000" });
    expect(tables[0]).toMatchObject({
      costPerMonth: "0.050000",
      tiers: [
        { tier: "hot", bytes: 2 * 2 ** 30, costPerMonth: "0.046000" },
        { tier: "archive", bytes: 2 ** 30, costPerMonth: "0.004000" },
      ],
    });
  });

  it("has no cost without prices", async () => {
    expect(await setUp().upkeep.storage(["orders"])).not.toHaveProperty("costPerMonth");
  });
});

describe("retention", () => {
  it.each([
    [{ orderz: { keepDays: 1 } }, 'no table "orderz"'],
    [{ orders: { keepDays: 0 } }, "must be 1 or more"],
    [{ orders: { keepDays: Number.NaN } }, "must be 1 or more"],
    [{ orders: { archiveAfterDays: 400 } }, "archived after 400 days and kept for 400"],
  ])("that makes no sense is refused: %j", (retention, message) => {
    expect(() => setUp({ retention })).toThrow(message);
  });

  it("is the table's own, unless the deployment says otherwise; Infinity keeps everything", () => {
    expect(setUp().upkeep.retentionOf("orders")).toEqual({ keepDays: 400 });
    const retention = {
      orders: { keepDays: Number.POSITIVE_INFINITY, archiveAfterDays: 30 },
      bronze_transactions: { keepDays: 7 },
    };
    const { upkeep } = setUp({ retention });
    expect(upkeep.retentionOf("orders")).toEqual({ archiveAfterDays: 30 });
    expect(upkeep.retentionOf("bronze_transactions")).toEqual({ keepDays: 7 });
  });
});
