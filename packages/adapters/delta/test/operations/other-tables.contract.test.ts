import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DeltaLakeTable } from "@ecap/adapter-delta";
import type { Column } from "@ecap/sdk";
import { describe, expect, it } from "vitest";
import { suiteTables } from "./table-fixture.ts";

const golden = fileURLToPath(
  new URL("../../../../../../shared/data/delta_golden", import.meta.url),
);

describe("tables of other writers and of every type", () => {
  const suite = suiteTables();
  const read = async (table: DeltaLakeTable, order: string) => {
    const { files, schema } = await table.snapshot();
    const { columns, partitionBy = [] } = schema;
    const sql = `SELECT * EXCLUDE ("#file", "#row") FROM t ORDER BY ${order}`;
    return suite.fixture.engine.query(sql, [{ name: "t", columns, partitionBy, files }]);
  };

  it.skipIf(!existsSync(golden)).each([
    { name: "dv-partitioned-with-checkpoint", id: "col1" },
    { name: "dv-with-columnmapping", id: "col1" },
  ])("leaves deleted rows deleted (needs the shared data folder): $name", async ({ name, id }) => {
    await cp(join(golden, name, "delta"), join(suite.fixture.dir, name), { recursive: true });
    const table = suite.fixture.open(name);
    const before = await read(table, id);
    const deleted = (await table.snapshot()).files.filter((file) => file.deleted);
    expect(deleted.length).toBeGreaterThan(0);
    const [first, second] = before.map((each) => Number(each[id]));
    await table.delete({ where: `${id} = ${first}` });
    const left = before.filter((each) => each[id] !== first);
    expect(await read(table, id)).toEqual(left);
    await table.update({ set: { [id]: `${id} + 1000000` }, where: `${id} = ${second}` });
    await table.optimize();
    const expected = left.map((each) => ({
      ...each,
      [id]: Number(each[id]) + (each[id] === second ? 1_000_000 : 0),
    }));
    const order = (rows: readonly Readonly<Record<string, unknown>>[]) =>
      rows.toSorted((a, b) => Number(a[id]) - Number(b[id]));
    expect(order(await read(suite.fixture.open(name), id))).toEqual(order(expected));
  });

  it("tells of files that the engine wrote the same as of those that rows were appended to", async () => {
    const columns: readonly Column[] = [
      { name: "tenant", type: "string", nullable: false },
      { name: "id", type: "integer" },
      { name: "total", type: "long" },
      { name: "amount", type: "decimal(38,10)" },
      { name: "ratio", type: "double" },
      { name: "word", type: "string" },
      { name: "day", type: "date" },
      { name: "at", type: "timestamp" },
      { name: "gift", type: "boolean" },
      { name: "raw", type: "binary" },
      { name: "none", type: "string" },
    ];
    const table = suite.fixture.open("types");
    await table.create({ columns });
    await table.append([
      {
        tenant: "t",
        id: 1,
        total: 2n ** 62n + 1n,
        amount: "-1234567890123456789012345678.0123456789",
        ratio: 1e300,
        word: "a".repeat(40),
        day: "0001-01-01",
        at: -62_135_596_800_000n * 1000n,
        gift: true,
        raw: new Uint8Array([1]),
      },
      { tenant: "t", id: -1, ratio: -0.1, word: "😀ü", day: "9999-12-31", at: 1234567n },
    ]);
    const statistics = async () => {
      const [file] = (await table.snapshot()).files;
      return { rows: file?.rows, min: file?.min, max: file?.max, columns: file?.columns };
    };
    const appended = await statistics();
    await table.update({ set: { id: "id" } });
    expect(await statistics()).toEqual(appended);
    expect(appended.min).toMatchObject({ at: "0001-01-01T00:00:00.000Z", word: "a".repeat(32) });
  });

  it("gives every commit a later time where the table keeps times in commits, whatever the clock", async () => {
    const clock = { now: () => 1_000_000 };
    const table = suite.fixture.open("times", { clock });
    await table.create({ columns: [{ name: "id", type: "integer" }] });
    const { protocol, metaData } = await firstActions("times");
    const configuration = { "delta.enableInCommitTimestamps": "true" };
    const features = { minWriterVersion: 7, writerFeatures: ["inCommitTimestamp"] };
    const lines = [
      { commitInfo: { inCommitTimestamp: 2_000_000, operation: "SET" } },
      { protocol: { ...protocol, ...features } },
      { metaData: { ...metaData, configuration } },
    ].map((action) => JSON.stringify(action));
    const key = `times/_delta_log/${"1".padStart(20, "0")}.json`;
    await suite.fixture.objects.put(key, new TextEncoder().encode(lines.join("\n")));
    await table.append([{ id: 1 }]);
    await table.update({ set: { id: "2" } });
    const history = await suite.fixture.open("times").history();
    expect(history.map(({ timestamp }) => timestamp)).toEqual([
      2_000_002, 2_000_001, 2_000_000, 1_000_000,
    ]);
  });

  const firstActions = async (name: string): Promise<Record<string, object>> => {
    const bytes = await suite.fixture.objects.get(
      `${name}/_delta_log/${"0".padStart(20, "0")}.json`,
    );
    const lines = new TextDecoder().decode(bytes).trim().split("\n");
    return Object.assign({}, ...lines.map((line): unknown => JSON.parse(line))) as Record<
      string,
      object
    >;
  };

  it("keeps partition values of every type", async () => {
    const cells = {
      long: 2n ** 60n,
      amount: "-1.50",
      ratio: -0.25,
      day: "2026-02-28",
      at: 1_767_225_600_123_456n,
      gift: false,
      word: "a/b=c%20'😀",
    };
    const types = {
      long: "long",
      amount: "decimal(9,2)",
      ratio: "double",
      day: "date",
      at: "timestamp",
      gift: "boolean",
      word: "string",
    } as const;
    const partitionBy = Object.keys(types);
    const table = suite.fixture.open("partitions");
    await table.create({
      columns: [
        { name: "id", type: "integer" },
        ...Object.entries(types).map(([name, type]) => ({ name, type })),
      ],
      partitionBy,
    });
    await table.append([{ id: 1, ...cells }]);
    const partitions = async () => (await table.snapshot()).files.map((file) => file.partition);
    const appended = await partitions();
    await table.update({ set: { id: "2" } });
    expect(await partitions()).toEqual(appended);
    await table.merge({
      rows: [{ id: 3, ...cells }],
      on: "target.id = source.id",
      whenNotMatched: [{ insert: "all" }],
    });
    expect(await partitions()).toEqual([...appended, ...appended]);
  });
});
