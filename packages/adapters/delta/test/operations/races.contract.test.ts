import type { DeltaLakeTable } from "@ecap/adapter-delta";
import type { ObjectStore } from "@ecap/sdk";
import { describe, expect, it } from "vitest";
import { row, schema, suiteTables } from "./table-fixture.ts";

type Operate = (table: DeltaLakeTable) => Promise<unknown>;

const update: Operate = (t) => t.update({ set: { n: "n + 1" }, where: "part = 'a'" });
const upsert: Operate = (t) =>
  t.merge({
    rows: [row(2, { n: 0 }), row(9)],
    on: "target.id = source.id",
    whenMatched: [{ update: "all" }],
    whenNotMatched: [{ insert: "all" }],
  });

describe("operations that another overtakes", () => {
  const suite = suiteTables();

  /** A writer before whose first commit another's operation is committed. */
  const overtaken = (operate: Operate) => {
    const winner = suite.fixture.open(suite.path);
    let isFirst = true;
    const objects: ObjectStore = {
      ...suite.fixture.objects,
      async putIfAbsent(key, bytes) {
        if (isFirst && key.endsWith(".json")) {
          isFirst = false;
          await operate(winner);
        }
        return suite.fixture.objects.putIfAbsent(key, bytes);
      },
    };
    return suite.fixture.open(suite.path, { objects });
  };
  const filled = async (properties: Readonly<Record<string, string>> = {}) => {
    const table = suite.fixture.open(suite.path);
    await table.create(schema, { properties });
    await table.append([row(1), row(2), row(3, { part: "b" }), row(4, { part: "b" })]);
  };
  const cells = async () => (await suite.fixture.rows(suite.path)).map(({ id, n }) => [id, n]);

  it.each<[string, Operate, Operate, unknown[][]]>([
    [
      "an update by an append",
      update,
      (t) => t.append([row(5)]),
      [
        [1, 11],
        [2, 21],
        [3, 30],
        [4, 40],
        [5, 50],
      ],
    ],
    [
      "an append by an overwrite",
      (t) => t.append([row(5)]),
      (t) => t.overwrite([row(6)]),
      [
        [5, 50],
        [6, 60],
      ],
    ],
    [
      "an update by a delete in another partition",
      update,
      (t) => t.delete({ where: "id = 3" }),
      [
        [1, 11],
        [2, 21],
        [4, 40],
      ],
    ],
    [
      "a delete by an update of another partition",
      (t) => t.delete({ where: "part = 'b' AND id = 4" }),
      update,
      [
        [1, 11],
        [2, 21],
        [3, 30],
      ],
    ],
    [
      "an optimize by an append",
      (t) => t.optimize(),
      (t) => t.append([row(5)]),
      [
        [1, 10],
        [2, 20],
        [3, 30],
        [4, 40],
        [5, 50],
      ],
    ],
    [
      "an append by new columns",
      (t) => t.append([row(5)]),
      (t) => t.addColumns([{ name: "x", type: "long" }]),
      [
        [1, 10],
        [2, 20],
        [3, 30],
        [4, 40],
        [5, 50],
      ],
    ],
  ])("go after it where they can: %s", async (_, loser, winner, expected) => {
    await filled();
    await suite.fixture.open(suite.path).append([row(100, { part: "c" })]);
    await suite.fixture.open(suite.path).append([row(101, { part: "c" })]);
    await loser(overtaken(winner));
    expect((await cells()).filter(([id]) => Number(id) < 100)).toEqual(expected);
  });

  it.each<[string, Operate, Operate, string]>([
    ["an update by an update", update, update, "concurrent-append"],
    [
      "an update by a delete of its rows",
      update,
      (t) => t.delete({ where: "part = 'a'" }),
      "concurrent-delete-read",
    ],
    ["a merge by a merge", upsert, upsert, "concurrent-append"],
    [
      "a delete by a merge that adds to its partition",
      (t) => t.delete({ where: "part = 'a'" }),
      upsert,
      "concurrent-append",
    ],
    [
      "an overwrite by a delete",
      (t) => t.overwrite([row(7)]),
      (t) => t.delete({ where: "id = 4" }),
      "concurrent-append",
    ],
    [
      "an optimize by an update of its files",
      (t) => t.optimize(),
      update,
      "concurrent-delete-read",
    ],
    [
      "an update by new columns",
      update,
      (t) => t.addColumns([{ name: "x", type: "long" }]),
      "metadata-changed",
    ],
    [
      "new columns by new columns",
      (t) => t.addColumns([{ name: "y", type: "long" }]),
      (t) => t.addColumns([{ name: "x", type: "long" }]),
      "metadata-changed",
    ],
    [
      "a new constraint by an append",
      (t) => t.addConstraint({ name: "c", condition: "n < 500" }),
      (t) => t.append([row(5)]),
      "concurrent-append",
    ],
    [
      "an append by a new constraint",
      (t) => t.append([row(5)]),
      (t) => t.addConstraint({ name: "c", condition: "n < 500" }),
      "metadata-changed",
    ],
    [
      "a restore by a delete",
      (t) => t.restore({ version: 1 }),
      (t) => t.delete({ where: "id = 1" }),
      "concurrent-append",
    ],
  ])("get the conflict's name and leave no file: %s", async (_, loser, winner, kind) => {
    await filled();
    await suite.fixture.open(suite.path).append([row(8)]);
    let after: string[] = [];
    const table = overtaken(async (other) => {
      await winner(other);
      const { files } = await other.snapshot();
      after = files.map((file) => file.key);
    });
    const before = await suite.fixture.keys(`${suite.path}/part=`);
    await expect(loser(table)).rejects.toMatchObject({
      code: "ECAP_TABLE_CONFLICT",
      retryable: true,
      received: kind,
    });
    const files = (await table.snapshot()).files.map((file) => file.key);
    expect(files).toEqual(after);
    const left = (await suite.fixture.keys(`${suite.path}/part=`)).filter(
      (key) => !before.includes(key),
    );
    expect(left.filter((key) => !after.includes(key))).toEqual([]);
  });

  it("mind appends too where the table is serializable", async () => {
    await filled({ "delta.isolationLevel": "Serializable" });
    const table = overtaken((other) => other.append([row(5)]));
    await expect(update(table)).rejects.toMatchObject({ received: "concurrent-append" });
    const elsewhere = overtaken((other) => other.append([row(6, { part: "b" })]));
    await update(elsewhere);
    expect(await cells()).toEqual([
      [1, 11],
      [2, 21],
      [3, 30],
      [4, 40],
      [5, 51],
      [6, 60],
    ]);
  });
});
