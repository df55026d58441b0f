import { join } from "node:path";
import type { DeltaLakeTable } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { describe, expect, it } from "vitest";
import { hasPython, runPython } from "../python.ts";
import { changeTexts } from "./change-texts.ts";
import { parts, row, schema, suiteTables } from "./table-fixture.ts";

/** By its own query engine: its way through pyarrow reads renamed columns as NULL, and knows no deletion vectors. */
const read = `
import json, sys, pyarrow
from deltalake import DeltaTable, QueryBuilder
table = DeltaTable(sys.argv[1])
found = QueryBuilder().register("t", table).execute("SELECT * FROM t ORDER BY id")
rows = pyarrow.table(found.read_all()).to_pylist()
for r in rows: del r["tenant"]
print(json.dumps({"version": table.version(), "rows": rows, "operations": [h["operation"] for h in table.history()]}))`;

const readChanges = `
import json, sys, pyarrow
from deltalake import DeltaTable
rows = pyarrow.table(DeltaTable(sys.argv[1]).load_cdf(starting_version=1).read_all()).to_pylist()
print(json.dumps(rows, default=str))`;

const theirs = `
import sys, pyarrow as pa
from deltalake import DeltaTable, write_deltalake
def rows(*ids, part="a", n=None):
    return pa.table({"tenant": ["t"] * len(ids), "part": pa.array([part] * len(ids), pa.string()), "id": pa.array(ids, pa.int32()), "n": pa.array([i * 10 if n is None else n for i in ids], pa.int64()), "word": [f"w{i}" for i in ids]})
`;

const readDays = `
import json, sys, pyarrow
from deltalake import DeltaTable, QueryBuilder
found = QueryBuilder().register("t", DeltaTable(sys.argv[1])).execute("SELECT day, id, n FROM t ORDER BY day, id")
print(json.dumps({"rows": [list(r.values()) for r in pyarrow.table(found.read_all()).to_pylist()]}, default=str))`;

describe.skipIf(!hasPython("deltalake", "pyarrow"))(
  "operations with delta-rs (needs pip install deltalake pyarrow)",
  () => {
    const suite = suiteTables();
    const folder = () => join(suite.fixture.dir, suite.path);
    const python = (script: string, isTable = true) => {
      const opened = isTable ? "table = DeltaTable(sys.argv[1])\n" : "";
      return runPython(`${theirs}${opened}${script}\nprint(0)`, folder());
    };
    const filled = async () => {
      const table = suite.fixture.open(suite.path);
      await table.create(schema);
      await table.append([
        row(1),
        row(2),
        row(3, { part: "b/ü" }),
        row(4, { part: null, n: null }),
      ]);
      return table;
    };
    /** Both read the same rows at the same version, with the same history. */
    const expectSame = async (table: DeltaLakeTable) => {
      const seen = Object(runPython(read, folder())) as Record<string, unknown>;
      expect(seen["rows"]).toEqual(await suite.fixture.rows(suite.path));
      expect(seen["version"]).toBe((await table.snapshot()).version);
      const operations = (await table.history()).map(({ operation }) => operation);
      expect(seen["operations"]).toEqual(operations);
    };

    it.each<[string, (table: DeltaLakeTable) => Promise<unknown>]>([
      ["delete", (t) => t.delete({ where: "id = 1 OR n IS NULL" })],
      ["update", (t) => t.update({ set: { n: "n + 1", part: "'z'" }, where: "id < 3" })],
      [
        "merge",
        (t) =>
          t.merge({
            rows: [row(1, { n: 0 }), row(9)],
            on: "target.id = source.id",
            whenMatched: [{ update: "all" }],
            whenNotMatched: [{ insert: "all" }],
            whenNotMatchedBySource: [{ condition: "target.part = 'b/ü'", delete: true }],
          }),
      ],
      ["overwrite", (t) => t.overwrite([row(8), row(9, { part: "c" })])],
      ["overwrite by partition", (t) => t.overwrite([row(8)], { replace: "partitions" })],
      [
        "overwrite by predicate",
        (t) => t.overwrite([row(8, { part: "b/ü" })], { replace: { where: "part = 'b/ü'" } }),
      ],
      [
        "optimize",
        async (t) => {
          await t.append([row(5), row(6)]);
          await t.optimize();
        },
      ],
      [
        "restore",
        async (t) => {
          await t.delete();
          await t.restore({ version: 1 });
        },
      ],
      [
        "added columns",
        async (t) => {
          await t.addColumns([{ name: "colour", type: "string" }]);
          await t.append([{ ...row(5), colour: "red" }]);
        },
      ],
      [
        "a constraint",
        async (t) => {
          await t.addConstraint({ name: "positive", condition: "id > 0" });
          await t.append([row(5)]);
        },
      ],
      [
        "a Z-order",
        async (t) => {
          await t.append(Array.from({ length: 5_000 }, (_, i) => row(1_000 + i)));
          await t.optimize({ zorderBy: ["id", "word"], targetBytes: 4_000 });
        },
      ],
      [
        "rows that came in parts",
        (t) => t.append(parts([row(5)], [row(6, { part: "é", word: null })])),
      ],
      [
        "a renamed and a dropped column",
        async (t) => {
          await t.renameColumn("word", "text");
          await t.dropColumn("n");
          await t.append([{ tenant: "t", part: "a", id: 5, text: "new" }]);
          await t.update({ set: { text: "'set'" }, where: "id = 2" });
        },
      ],
      [
        "a vacuum and checkpoints",
        async (t) => {
          await t.setProperties({ "delta.checkpointInterval": "2" });
          await t.delete({ where: "id = 1" });
          await t.update({ set: { n: "0" } });
          await t.vacuum({ retentionMs: 0, force: true });
        },
      ],
    ])("reads what we wrote: %s", async (_, operate) => {
      const table = await filled();
      await operate(table);
      await expectSame(table);
    });

    it("reads rows that deletion vectors leave", async () => {
      const table = suite.fixture.open(suite.path);
      await table.create(schema, { properties: { "delta.enableDeletionVectors": "true" } });
      await table.append(Array.from({ length: 70_000 }, (_, id) => row(id)));
      await table.delete({ where: "id % 1000 = 7" });
      await table.delete({ where: "id BETWEEN 100 AND 65999" });
      expect(await suite.fixture.rows(suite.path)).toHaveLength(4_000 + 100 - 5);
      await expectSame(table);
    });

    it("reads a table made of Parquet files, which it then changes", async () => {
      python(
        `import pyarrow.parquet as pq, os
for day in ("2026-01-31", "2026-02-01"):
  os.makedirs(sys.argv[1] + "/day=" + day)
  pq.write_table(rows(1, 2).drop(["part"]), sys.argv[1] + f"/day={day}/f.parquet")`,
        false,
      );
      const objects = fsObjectStore({ dir: suite.fixture.dir, exactNames: true });
      const table = suite.fixture.open(suite.path, { objects });
      await table.convert({ partitionBy: [{ name: "day", type: "date" }] });
      python(`table.delete("day = '2026-01-31' AND id = 1")`);
      await table.update({ set: { n: "0" }, where: "id = 1" });
      const seen = Object(runPython(readDays, folder())) as Record<string, unknown>;
      expect(seen["rows"]).toEqual([
        ["2026-01-31", 2, 20],
        ["2026-02-01", 1, 0],
        ["2026-02-01", 2, 20],
      ]);
      expect(await suite.fixture.rows(suite.path)).toHaveLength(3);
    });

    it("reads changes as we do", async () => {
      const table = suite.fixture.open(suite.path);
      await table.create(schema, { properties: { "delta.enableChangeDataFeed": "true" } });
      // It does not decode paths when it reads changes, so values are ones that need no encoding.
      await table.append([row(1), row(2), row(3, { part: "b" }), row(4, { part: null })]);
      await table.update({ set: { n: "n + 1", part: "'z'" }, where: "id < 3" });
      await table.delete({ where: "id = 1" });
      await table.delete({ where: "part IS NULL" });
      await table.merge({
        rows: [row(2, { n: 0 }), row(3, { n: -1 }), row(9)],
        on: "target.id = source.id",
        whenMatched: [{ condition: "source.n < 0", delete: true }, { update: "all" }],
        whenNotMatched: [{ insert: "all" }],
      });
      await table.overwrite([row(8)], { replace: { where: "id >= 8" } });
      python(`table.update(predicate="id = 8", updates={"n": "n + 1"})`);
      python(`table.delete("id = 2")`);
      python(`write_deltalake(table, rows(10), mode="append")`);
      const ours: object[] = [];
      for await (const part of table.changes({ from: 1 })) ours.push(...part);
      expect(ours).toHaveLength(20);
      expect(changeTexts(ours)).toEqual(changeTexts(runPython(readChanges, folder()) as object[]));
    });

    it("and we commit to one table in turns", async () => {
      const table = await filled();
      python(`write_deltalake(table, rows(5, 6), mode="append")`);
      await table.delete({ where: "id = 5" });
      python(`table.update(predicate="id = 6", updates={"n": "n + 1"})`);
      await table.merge({
        rows: [row(6, { word: "merged" }), row(7)],
        on: "target.id = source.id",
        whenMatched: [{ update: { word: "source.word" } }],
        whenNotMatched: [{ insert: "all" }],
      });
      python(`table.delete("id = 2")`);
      await table.update({ set: { part: "'a'" } });
      python(`table.optimize.compact()`);
      await table.optimize();
      python(`
(table.merge(rows(7, 8, n=5), "t.id = s.id", source_alias="s", target_alias="t")
  .when_matched_update_all().when_not_matched_insert_all().execute())`);
      await expectSame(table);
      expect(
        (await suite.fixture.rows(suite.path)).map(({ id, n, word }) => [id, n, word]),
      ).toEqual([
        [1, 10, "w1"],
        [3, 30, "w3"],
        [4, null, "w4"],
        [6, 61, "merged"],
        [7, 5, "w7"],
        [8, 5, "w8"],
      ]);
      python(`table.restore(3)`);
      await table.append([row(20)]);
      python(`write_deltalake(table, rows(30), mode="overwrite")`);
      await table.append([row(31)]);
      await expectSame(table);
      expect((await suite.fixture.rows(suite.path)).map(({ id }) => id)).toEqual([30, 31]);
    });

    it("keeps to a constraint of ours, and we to one of theirs", async () => {
      const table = await filled();
      python(`table.alter.add_constraint({"small": "id < 100"})`);
      await expect(table.append([row(100)])).rejects.toMatchObject({
        code: "ECAP_TABLE_SCHEMA",
        path: "small",
      });
      await table.addConstraint({ name: "positive", condition: "id > 0" });
      expect(() => python(`write_deltalake(table, rows(-1), mode="append")`)).toThrow(
        /failed validation check/,
      );
      await expectSame(table);
    });
  },
);
