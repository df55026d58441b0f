import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Row, TableSchema, TableStore } from "../ports/table-store.ts";

export interface TableStoreFixture {
  readonly store: TableStore;
  close?(): Promise<void>;
}

const schema: TableSchema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "date", type: "date", nullable: false },
    { name: "id", type: "string", nullable: false },
    { name: "amount", type: "decimal(18,4)" },
    { name: "quantity", type: "integer" },
    { name: "total", type: "long" },
    { name: "ratio", type: "double" },
    { name: "gift", type: "boolean" },
    { name: "at", type: "timestamp" },
    { name: "raw", type: "binary" },
  ],
  partitionBy: ["tenant", "date"],
};

const row = (id: string, more: Row = {}): Row => ({
  tenant: "acme",
  date: "2026-01-31",
  id,
  ...more,
});

/** What every TableStore promises. `make` gives an empty store, once for the whole suite. */
export function tableStoreContract(name: string, make: () => Promise<TableStoreFixture>): void {
  describe(`TableStore contract: ${name}`, () => {
    let fixture: TableStoreFixture;
    let store: TableStore;
    beforeAll(async () => {
      fixture = await make();
      store = fixture.store;
    });
    afterAll(async () => fixture.close?.());

    const countRows = async (table: string, when?: { version?: number; at?: number }) => {
      const { files } = await store.snapshot(table, when);
      return files.reduce((sum, file) => sum + (file.rows ?? Number.NaN), 0);
    };

    it("creates a table once, with the schema it was given", async () => {
      await store.ensure("made", schema);
      await Promise.all([store.ensure("made", schema), store.ensure("made", schema)]);
      const snapshot = await store.snapshot("made");
      expect(snapshot).toMatchObject({ table: "made", version: 0, files: [] });
      expect(snapshot.schema.columns.map(({ name: column, type }) => [column, type])).toEqual(
        schema.columns.map(({ name: column, type }) => [column, type]),
      );
      expect(snapshot.schema.columns[0]?.nullable).toBe(false);
      expect(snapshot.schema.partitionBy).toEqual(["tenant", "date"]);
    });

    it("says which table is not there", async () => {
      const missing = { code: "ECAP_TABLE_NOT_FOUND" };
      await expect(store.snapshot("nothing")).rejects.toMatchObject(missing);
      await expect(store.append("nothing", [row("1")])).rejects.toMatchObject(missing);
      await expect(store.history("nothing")).rejects.toMatchObject(missing);
      await store.ensure("versions", schema);
      await expect(store.snapshot("versions", { version: 7 })).rejects.toMatchObject(missing);
      await expect(store.snapshot("versions", { at: 1000 })).rejects.toMatchObject(missing);
    });

    it("appends rows by partition, with statistics of every file", async () => {
      await store.ensure("stats", schema);
      const version = await store.append("stats", [
        row("b", { amount: "12.30", total: 5, ratio: 0.5, at: Date.UTC(2026, 0, 31, 10) }),
        row("a", { amount: "-3", total: 9, at: Date.UTC(2026, 0, 31, 9) }),
        row("c", { date: "2026-02-01", quantity: 3 }),
        row("d", { tenant: "other shop/ü", raw: new Uint8Array([1, 2]) }),
      ]);
      const { files, version: newest } = await store.snapshot("stats");
      expect(newest).toBe(version);
      const summary = files.map(({ partition, rows }) => [
        partition["tenant"],
        partition["date"],
        rows,
      ]);
      expect(summary.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
        ["acme", "2026-01-31", 2],
        ["acme", "2026-02-01", 1],
        ["other shop/ü", "2026-01-31", 1],
      ]);
      const file = files.find((candidate) => candidate.rows === 2);
      expect(file?.min).toMatchObject({ id: "a", amount: -3, total: 5, ratio: 0.5 });
      expect(file?.max).toMatchObject({ id: "b", amount: 12.3, total: 9 });
      expect(file?.max?.["quantity"]).toBeUndefined();
      expect(file?.size).toBeGreaterThan(100);
    });

    it("writes nothing where there is nothing to write", async () => {
      await store.ensure("empty", schema);
      expect(await store.append("empty", [])).toBeUndefined();
      expect((await store.snapshot("empty")).version).toBe(0);
    });

    it.each<[string, Row, string]>([
      ["a wrong type", { total: "5" }, "total"],
      ["an unsafe integer", { total: 2 ** 53 }, "total"],
      ["an integer that is too large", { quantity: 2 ** 31 }, "quantity"],
      ["a fraction in an integer", { quantity: 1.5 }, "quantity"],
      ["NaN in a decimal", { amount: Number.NaN }, "amount"],
      ["a float in a decimal", { amount: 1.1 }, "amount"],
      ["text in a decimal", { amount: "1e5" }, "amount"],
      ["a decimal with too many digits", { amount: "100000000000000" }, "amount"],
      ["a decimal with too fine a fraction", { amount: "0.00001" }, "amount"],
      ["a date that is none", { date: "2026-02-30" }, "date"],
      ["NULL where it is not allowed", { id: null }, "id"],
      ["a timestamp past every date", { at: 1e20 }, "at"],
      ["a column the table lacks", { colour: "red" }, "colour"],
    ])("refuses %s, names the column and the row, and writes nothing", async (_, cells, column) => {
      await store.ensure("refusals", schema);
      const bad = [row("1"), row("2", { date: "2026-03-01" }), { ...row("3"), ...cells }];
      const failure = await store.append("refusals", bad).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "ECAP_TABLE_SCHEMA", path: column });
      expect(String(failure)).toMatch(/row 2/i);
      expect(await store.snapshot("refusals")).toMatchObject({ version: 0, files: [] });
    });

    it("changes nothing when an append is repeated under its transaction", async () => {
      await store.ensure("once", schema);
      const transactions = [{ appId: "sink/orders/0", version: 41 }];
      const first = await store.append("once", [row("1")], { transactions });
      expect(first).toBeTypeOf("number");
      expect(await store.append("once", [row("1")], { transactions })).toBeUndefined();
      expect(
        await store.append("once", [row("1")], {
          transactions: [{ appId: "sink/orders/0", version: 7 }],
        }),
      ).toBeUndefined();
      const other = [...transactions, { appId: "sink/orders/1", version: 3 }];
      expect(await store.append("once", [row("2")], { transactions: other })).toBeGreaterThan(
        first ?? 0,
      );
      expect(await countRows("once")).toBe(2);
      expect((await store.snapshot("once")).transactions).toEqual(
        new Map([
          ["sink/orders/0", 41],
          ["sink/orders/1", 3],
        ]),
      );
    });

    it("refuses an append that expects another stored version, and takes one of those that race", async () => {
      await store.ensure("fenced", schema);
      await store.append("fenced", [row("1")], to(10, 0));
      await expect(store.append("fenced", [row("2")], to(20, 0))).rejects.toMatchObject({
        code: "ECAP_FENCED",
      });
      await store.append("fenced", [row("3")], to(20, 10));
      // A repeat of what was done is done, whatever it expects.
      expect(await store.append("fenced", [row("3")], to(20, 10))).toBeUndefined();
      const racing = await Promise.allSettled(
        [1, 2, 3, 4].map((i) => store.append("fenced", [row(`race ${i}`)], to(20 + i, 20))),
      );
      expect(racing.filter(({ status }) => status === "fulfilled").length).toBeGreaterThan(0);
      const snapshot = await store.snapshot("fenced");
      const winners = racing.flatMap((each) =>
        each.status === "fulfilled" && each.value !== undefined ? [each.value] : [],
      );
      expect(winners).toHaveLength(1);
      expect(snapshot.files.reduce((sum, { rows }) => sum + (rows ?? 0), 0)).toBe(3);
    });

    it("lets concurrent appends all succeed, each once and with a version of its own", async () => {
      await store.ensure("race", schema);
      const versions = await Promise.all(
        Array.from({ length: 12 }, (_, i) => {
          const transactions = [{ appId: `writer ${i % 10}`, version: 1 }];
          return store.append("race", [row(String(i))], { transactions });
        }),
      );
      const won = versions.filter((version) => version !== undefined);
      expect(won).toHaveLength(10);
      expect(new Set(won).size).toBe(10);
      expect(await countRows("race")).toBe(10);
    });

    it("shows a table as it was at a version and at a time", async () => {
      await store.ensure("travel", schema);
      const versions: number[] = [];
      for (let i = 0; i < 25; i++)
        versions.push((await store.append("travel", [row(`${i}`)])) ?? -1);
      expect(versions).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
      expect(await countRows("travel")).toBe(25);
      for (const version of [0, 1, 9, 10, 11, 20, 24]) {
        const then = await store.snapshot("travel", { version });
        expect(then.files).toHaveLength(version);
        expect(
          (await store.snapshot("travel", { at: then.timestamp })).version,
        ).toBeGreaterThanOrEqual(version);
      }
      expect((await store.snapshot("travel", { at: Date.now() + 1e9 })).version).toBe(25);
    });

    it("keeps a history, newest first, with what was said of a commit", async () => {
      await store.ensure("history", schema);
      await store.append("history", [row("1")], {
        commitInfo: { job: "sink", offsets: { "orders/0": 5 } },
      });
      await store.append("history", [row("2")]);
      const history = await store.history("history");
      expect(history.map((commit) => commit.version)).toEqual([2, 1, 0]);
      expect(history[1]?.info).toMatchObject({ job: "sink", offsets: { "orders/0": 5 } });
      expect(history[1]?.operation).toBe("WRITE");
      expect(Math.abs((history[0]?.timestamp ?? 0) - Date.now())).toBeLessThan(600_000);
      expect(await store.history("history", { limit: 1 })).toHaveLength(1);
    });

    it("adds new columns as nullable and refuses changes it cannot make", async () => {
      await store.ensure("evolve", schema);
      await store.append("evolve", [row("1")]);
      const wider = {
        ...schema,
        columns: [...schema.columns, { name: "channel", type: "string", nullable: false } as const],
      };
      await store.ensure("evolve", wider);
      await store.ensure("evolve", schema);
      await store.append("evolve", [row("2"), row("3", { channel: "web" })]);
      const snapshot = await store.snapshot("evolve");
      expect(snapshot.schema.columns.at(-1)).toMatchObject({ name: "channel", nullable: true });
      expect(await countRows("evolve")).toBe(3);
      const refused = { code: "ECAP_TABLE_SCHEMA" };
      const retyped = schema.columns.map((c) =>
        c.name === "total" ? { ...c, type: "string" as const } : c,
      );
      await expect(store.ensure("evolve", { ...schema, columns: retyped })).rejects.toMatchObject(
        refused,
      );
      await expect(
        store.ensure("evolve", { ...schema, partitionBy: ["tenant"] }),
      ).rejects.toMatchObject(refused);
    });

    it("lists its tables by name", async () => {
      await store.ensure("zebra", schema);
      await store.ensure("aardvark", schema);
      const tables = await store.tables();
      expect(tables).toEqual(tables.toSorted());
      expect(tables).toEqual(expect.arrayContaining(["aardvark", "made", "zebra"]));
    });
  });
}

function to(version: number, expected: number) {
  return { transactions: [{ appId: "sink/0", version, expected }] };
}
