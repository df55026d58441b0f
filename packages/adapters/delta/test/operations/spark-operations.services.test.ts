import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DeltaLakeTable } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { describe, expect, it } from "vitest";
import { hasPython, runPython } from "../python.ts";
import { changeTexts } from "./change-texts.ts";
import { parts, row, schema, suiteTables } from "./table-fixture.ts";

/** Runs statements and then reads tables, each in a folder, in one session. */
const spark = `
import json, sys
from delta import DeltaTable, configure_spark_with_delta_pip
from pyspark.sql import SparkSession
folder = sys.argv[1]
statements, tables, changed = [json.loads(given) for given in sys.argv[2:]]
options = {
  "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
  "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
  "spark.databricks.delta.snapshotPartitions": "1", "spark.sql.shuffle.partitions": "1", "spark.default.parallelism": "1",
  "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.memory": "1g", "spark.sql.session.timeZone": "UTC",
  "spark.sql.warehouse.dir": folder + "/warehouse",
}
builder = SparkSession.builder.master("local[1]")
for key, value in options.items(): builder = builder.config(key, value)
session = configure_spark_with_delta_pip(builder).getOrCreate()
session.sparkContext.setLogLevel("OFF")
for statement in statements:
  session.sql(statement.replace("{folder}", folder)).collect()
def read(name):
  path = folder + "/" + name
  rows = session.read.format("delta").load(path).drop("tenant").orderBy("id").collect()
  history = DeltaTable.forPath(session, path).history().collect()
  return {"rows": [r.asDict() for r in rows], "operations": [h["operation"] for h in history]}
def changes(name):
  feed = session.read.format("delta").option("readChangeFeed", "true").option("startingVersion", 1)
  return [r.asDict() for r in feed.load(folder + "/" + name).collect()]
seen = {name: read(name) for name in tables}
for name in changed: seen.setdefault(name, {})["changes"] = changes(name)
print(json.dumps(seen, default=str))`;

interface Seen {
  readonly rows: unknown;
  readonly operations: readonly string[];
  readonly changes?: readonly object[];
}

describe.skipIf(!hasPython("pyspark", "delta"))(
  "operations with Spark, the reference implementation (needs pip install pyspark delta-spark, and Java)",
  () => {
    const suite = suiteTables();
    const run = (
      statements: readonly string[],
      tables: readonly string[],
      changed: readonly string[] = [],
    ) => {
      const given = [statements, tables, changed].map((each) => JSON.stringify(each));
      return Object(runPython(spark, suite.fixture.dir, ...given)) as Record<string, Seen>;
    };
    const create = async (path: string, properties: Readonly<Record<string, string>> = {}) => {
      const table = suite.fixture.open(path);
      await table.create(schema, { properties });
      await table.append([
        row(1),
        row(2),
        row(3, { part: "b/ü" }),
        row(4, { part: null, n: null }),
      ]);
      return table;
    };

    const operations: Readonly<Record<string, (table: DeltaLakeTable) => Promise<unknown>>> = {
      delete: (t) => t.delete({ where: "id = 1 OR n IS NULL" }),
      update: (t) => t.update({ set: { n: "n + 1", part: "'z'" }, where: "id < 3" }),
      merge: (t) =>
        t.merge({
          rows: [row(1, { n: 0 }), row(9)],
          on: "target.id = source.id",
          whenMatched: [{ update: "all" }],
          whenNotMatched: [{ insert: "all" }],
          whenNotMatchedBySource: [{ condition: "target.part = 'b/ü'", delete: true }],
        }),
      overwrite: (t) => t.overwrite([row(8), row(9, { part: "c" })]),
      partitions: (t) => t.overwrite([row(8)], { replace: "partitions" }),
      optimize: async (t) => {
        await t.append([row(5), row(6)]);
        await t.optimize();
      },
      restore: async (t) => {
        await t.delete();
        await t.restore({ version: 1 });
      },
      added: async (t) => {
        await t.addColumns([{ name: "colour", type: "string" }]);
        await t.append([{ ...row(5), colour: "red" }]);
      },
      renamed: async (t) => {
        await t.renameColumn("word", "some text");
        await t.dropColumn("n");
        await t.append([{ tenant: "t", part: "a", id: 5, "some text": "new" }]);
        await t.update({ set: { "some text": "'set'" }, where: "id = 2" });
      },
      widened: async (t) => {
        await t.widenColumn("id", "long");
        await t.append([{ ...row(5), id: 2n ** 40n }]);
        await t.update({ set: { n: "0" }, where: "id = 2" });
      },
      constrained: async (t) => {
        await t.addConstraint({ name: "positive", condition: "id > 0" });
        await t.append([row(5)]);
      },
      vacuumed: async (t) => {
        await t.setProperties({ "delta.checkpointInterval": "2" });
        await t.delete({ where: "id = 1" });
        await t.update({ set: { n: "0" } });
        await t.vacuum({ retentionMs: 0, force: true });
      },
      ordered: async (t) => {
        await t.append(Array.from({ length: 5_000 }, (_, i) => row(1_000 + i)));
        await t.optimize({ zorderBy: ["id", "word"], targetBytes: 4_000 });
      },
      streamed: async (t) => {
        await t.append(parts([row(5)], [row(6, { part: "é", word: null })]));
      },
      marked: async (t) => {
        await t.setProperties({ "delta.enableDeletionVectors": "true" });
        await t.append(Array.from({ length: 9_000 }, (_, i) => row(1_000 + i)));
        await t.delete({ where: "id > 2000 OR id % 7 = 1" });
      },
    };

    const feed = { "delta.enableChangeDataFeed": "true" };
    const marks = { "delta.enableDeletionVectors": "true" };

    it("reads what every operation wrote: rows and history", async () => {
      const names = Object.keys(operations);
      for (const name of names) await operations[name]?.(await create(name));
      const seen = run([], names);
      expect(seen["renamed"]?.rows).toContainEqual({ part: "a", id: 2, "some text": "set" });
      for (const name of names) {
        expect(seen[name]?.rows, name).toEqual(await suite.fixture.rows(name));
        const history = await suite.fixture.open(name).history();
        expect(seen[name]?.operations, name).toEqual(history.map(({ operation }) => operation));
      }
    }, 600_000);

    it("and we commit to one table in turns, and keep to each other's constraints", async () => {
      const table = await create("turns");
      await table.addConstraint({ name: "positive", condition: "id > 0" });
      run(
        [
          "INSERT INTO delta.`{folder}/turns` VALUES ('t', 'a', 5, 50, 'w5')",
          "UPDATE delta.`{folder}/turns` SET n = n + 1 WHERE id = 1",
          "ALTER TABLE delta.`{folder}/turns` ADD CONSTRAINT small CHECK (`n` IS NULL OR `n` < 1000)",
          "DELETE FROM delta.`{folder}/turns` WHERE id = 2",
        ],
        [],
      );
      await expect(table.append([row(100)])).rejects.toMatchObject({ path: "small" });
      const refused = () =>
        run(["INSERT INTO delta.`{folder}/turns` VALUES ('t', 'a', -5, 0, '')"], []);
      expect(refused).toThrow(/positive/);
      await table.merge({
        rows: [row(5, { n: 7 }), row(6)],
        on: "target.id = source.id",
        whenMatched: [{ update: "all" }],
        whenNotMatched: [{ insert: "all" }],
      });
      const seen = run(
        [
          "MERGE INTO delta.`{folder}/turns` t USING (SELECT 6 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET word = 'spark'",
          "OPTIMIZE delta.`{folder}/turns`",
        ],
        ["turns"],
      );
      expect(seen["turns"]?.rows).toEqual(await suite.fixture.rows("turns"));
      expect((await suite.fixture.rows("turns")).map(({ id, n, word }) => [id, n, word])).toEqual([
        [1, 11, "w1"],
        [3, 30, "w3"],
        [4, null, "w4"],
        [5, 7, "w5"],
        [6, 60, "spark"],
      ]);
    }, 600_000);

    it("reads changes as we do, of tables we write and of tables it writes, and tables made of Parquet files", async () => {
      for (const [name, properties] of [
        ["fed", feed],
        ["fedmarks", { ...feed, ...marks }],
      ] as const) {
        const table = await create(name, properties);
        await table.update({ set: { n: "n + 1", part: "'z'" }, where: "id < 3" });
        await table.delete({ where: "id = 1" });
        await table.delete({ where: "part IS NULL" });
        await table.merge({
          rows: [row(2, { n: 0 }), row(3, { n: -1 }), row(9)],
          on: "target.id = source.id",
          whenMatched: [{ condition: "source.n < 0", delete: true }, { update: "all" }],
          whenNotMatched: [{ insert: "all" }],
        });
        await table.overwrite([row(8), row(10)], { replace: { where: "id >= 8" } });
      }
      const folder = join(suite.fixture.dir, "converted", "part=ü%2F");
      await mkdir(folder, { recursive: true });
      const connection = await (await DuckDBInstance.create(":memory:")).connect();
      await connection.run(
        `COPY (SELECT 't' AS tenant, i::INTEGER AS id, i::BIGINT AS n, 'w' || i AS word FROM range(5) t(i)) TO '${folder}/f.parquet'`,
      );
      connection.closeSync();
      const objects = fsObjectStore({ dir: suite.fixture.dir, exactNames: true });
      const converted = suite.fixture.open("converted", { objects });
      await converted.convert();
      await converted.update({ set: { n: "7" }, where: "id = 1" });
      const names = ["fed", "fedmarks", "converted"];
      const statements = ["theirs", "theirsmarked"].flatMap((name, i) => [
        `CREATE TABLE delta.\`{folder}/${name}\` (tenant STRING, part STRING, id INT, n BIGINT, word STRING) USING delta PARTITIONED BY (part) TBLPROPERTIES (delta.enableChangeDataFeed = true, delta.enableDeletionVectors = ${i === 1})`,
        `INSERT INTO delta.\`{folder}/${name}\` SELECT 't', if(id % 2 = 0, 'a', 'b'), CAST(id AS INT), id * 10, concat('w', id) FROM range(20)`,
        `UPDATE delta.\`{folder}/${name}\` SET n = -1 WHERE id IN (3, 4)`,
        `DELETE FROM delta.\`{folder}/${name}\` WHERE id < 3`,
        `MERGE INTO delta.\`{folder}/${name}\` t USING (SELECT 5 AS id UNION ALL SELECT 30) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = 0 WHEN NOT MATCHED THEN INSERT (tenant, part, id) VALUES ('t', 'c', s.id)`,
        `OPTIMIZE delta.\`{folder}/${name}\` ZORDER BY (id)`,
      ]);
      const fed = ["fed", "fedmarks", "theirs", "theirsmarked"];
      const seen = run(statements, [...names, "theirs", "theirsmarked"], fed);
      for (const name of [...names, "theirs", "theirsmarked"]) {
        expect(seen[name]?.rows, name).toEqual(await suite.fixture.rows(name));
      }
      for (const name of fed) {
        const ours: object[] = [];
        for await (const part of suite.fixture.open(name).changes({ from: 1 })) ours.push(...part);
        expect(changeTexts(ours), name).toEqual(changeTexts(seen[name]?.changes ?? []));
        expect(ours.length).toBeGreaterThan(15);
      }
    }, 600_000);
  },
);
