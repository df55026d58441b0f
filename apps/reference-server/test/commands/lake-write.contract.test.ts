import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ecapJson } from "../support/ecap-in-process.ts";

const ecap = (...args: readonly string[]) => ecapJson("lake", ...args);

describe("ecap lake, writing", () => {
  let dir: string;
  let table: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-lake-write-"));
    table = join(dir, "lake", "orders");
    const tables = deltaTableStore({ objects: fsObjectStore({ dir: join(dir, "lake") }) });
    await tables.ensure("orders", {
      columns: [
        { name: "shop", type: "string" },
        { name: "id", type: "integer" },
        { name: "total", type: "decimal(9,2)" },
        { name: "at", type: "timestamp" },
      ],
      partitionBy: ["shop"],
    });
    await tables.append("orders", [
      { shop: "a/ü", id: 1, total: "1.50" },
      { shop: "a/ü", id: 2, total: "2.50" },
      { shop: "b", id: 3, total: "3.50" },
    ]);
    await tables.close();
  });
  afterEach(async () => {
    process.exitCode = undefined;
    await rm(dir, { recursive: true });
  });
  const rows = async (...lines: readonly unknown[]) => {
    const file = join(dir, "rows.jsonl");
    await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return ["--rows", file];
  };
  const cells = async () => {
    const all = (await ecap("cat", table)) as Array<Record<string, unknown>>;
    return all.map(({ id, total }) => [id, total]).toSorted((a, b) => Number(a[0]) - Number(b[0]));
  };

  it("appends, merges and overwrites rows of a file", async () => {
    const at = "2026-01-31T10:00:00Z";
    await ecap("append", table, ...(await rows({ shop: "b", id: 4, total: "4.00", at })));
    const merged = await rows({ shop: "b", id: 4, total: "5.00" }, { shop: "c", id: 5 });
    expect(await ecap("merge", table, ...merged, "--on", "target.id = source.id")).toMatchObject({
      version: 3,
      metrics: { numTargetRowsInserted: 1, numTargetRowsChanged: 1 },
    });
    const shop = await rows({ shop: "a/ü", id: 6, total: "6.00" });
    await ecap("overwrite", table, ...shop, "--partitions");
    await ecap(
      "overwrite",
      table,
      ...(await rows({ shop: "b", id: 7 })),
      "--where",
      "id in (3, 7)",
    );
    expect(await cells()).toEqual([
      [4, "5.00"],
      [5, null],
      [6, "6.00"],
      [7, null],
    ]);
  });

  it("updates, deletes, restores, optimises and vacuums", async () => {
    await ecap("update", table, "--set", "total=total * 2", "--where", "id < 3");
    await ecap("delete", table, "--where", "id = 3");
    expect(await cells()).toEqual([
      [1, "3.00"],
      [2, "5.00"],
    ]);
    await ecap("append", table, ...(await rows({ shop: "a/ü", id: 8, total: "8.00" })));
    expect(await ecap("optimize", table)).toMatchObject({ metrics: { numRemovedFiles: 2 } });
    await ecap("restore", table, "--version", "1");
    expect(await cells()).toHaveLength(3);
    const keep = ["--retain-hours", "0", "--force"];
    const told = (await ecap("vacuum", table, "--dry-run", ...keep)) as { files: string[] };
    expect(told.files.length).toBeGreaterThan(1);
    expect(await ecap("vacuum", table, ...keep)).toEqual(told);
    expect(await cells()).toHaveLength(3);
  });

  it("changes columns and rules", async () => {
    await ecap("alter", "add-column", table, "colour", "string");
    await ecap("alter", "widen-column", table, "id", "long");
    await ecap("alter", "rename-column", table, "total", "sum");
    await ecap("alter", "drop-column", table, "at");
    await ecap("alter", "add-constraint", table, "small", "id < 100");
    await ecap("alter", "set", table, "delta.appendOnly", "true");
    const schema = (await ecap("schema", table)) as { columns: Array<{ name: string }> };
    expect(schema.columns.map(({ name }) => name)).toEqual(["shop", "id", "sum", "colour"]);
    const large = await rows({ shop: "b", id: 100 });
    await expect(ecap("append", table, ...large)).rejects.toMatchObject({ path: "small" });
    await expect(ecap("delete", table, "--where", "true")).rejects.toMatchObject({
      code: "ECAP_TABLE_UNSUPPORTED",
    });
  });

  it("prints changes, orders rows and makes tables of Parquet folders", async () => {
    await ecap("alter", "set", table, "delta.enableChangeDataFeed", "true");
    await ecap("update", table, "--set", "total=0", "--where", "id = 1");
    await ecap("delete", table, "--where", "id = 3");
    const changes = (await ecap("changes", table, "--from", "3")) as Array<Record<string, unknown>>;
    const told = changes.map((row) => [row["_commit_version"], row["_change_type"], row["id"]]);
    expect(told.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
      [3, "update_postimage", 1],
      [3, "update_preimage", 1],
      [4, "delete", 3],
    ]);
    expect(await ecap("changes", table, "--from", "3", "--to", "4", "--limit", "1")).toHaveLength(
      1,
    );
    expect(await ecap("optimize", table, "--zorder-by", "id,total")).toMatchObject({ version: 5 });
    expect(await cells()).toEqual([
      [1, "0.00"],
      [2, "2.50"],
    ]);
    const folder = join(dir, "parquet", "day=2026-01-31");
    await mkdir(folder, { recursive: true });
    await ecap("cat", table, "--parquet", join(folder, "rows.parquet"));
    const converted = join(dir, "parquet");
    const outcome = await ecap("convert", converted, "--partition", "day:date");
    expect(outcome).toMatchObject({ version: 0, metrics: { numConvertedFiles: 1 } });
    const copied = (await ecap("cat", converted)) as Array<Record<string, unknown>>;
    expect(copied.map(({ id, day }) => [id, day])).toEqual([
      [1, "2026-01-31"],
      [2, "2026-01-31"],
    ]);
  });
});
