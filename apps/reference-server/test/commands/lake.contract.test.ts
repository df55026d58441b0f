import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { ResultRow } from "@ecap/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ecap, ecapJson } from "../support/ecap-in-process.ts";

afterEach(() => {
  process.exitCode = undefined;
});

describe("ecap lake", () => {
  let dir: string;
  let before: number;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-lake-"));
    const tables = deltaTableStore({ objects: fsObjectStore({ dir: join(dir, "lake") }) });
    await tables.ensure("orders", {
      columns: [
        { name: "tenant", type: "string" },
        { name: "id", type: "integer", description: "of the order" },
        { name: "note", type: "string" },
      ],
      partitionBy: ["tenant"],
    });
    await tables.append("orders", [{ tenant: "acme", id: 1, note: 'said "hi", left' }]);
    before = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await tables.append("orders", [
      { tenant: "acme", id: 2, note: "" },
      { tenant: "other", id: 3, note: null },
    ]);
    await tables.close();
  });
  afterAll(() => rm(dir, { recursive: true }));

  const orders = (...args: readonly string[]) => ["lake", ...args, "--dir", dir];

  it("cat prints the rows of every tenant, as JSON, CSV and a table", async () => {
    const rows = await ecapJson(...orders("cat", "orders"));
    expect(sorted(rows as ResultRow[])).toEqual(
      sorted([
        { tenant: "acme", id: 1, note: 'said "hi", left' },
        { tenant: "acme", id: 2, note: "" },
        { tenant: "other", id: 3, note: null },
      ]),
    );
    const csv = await ecap(...orders("cat", "orders", "--csv"));
    expect(csv.split("\n").toSorted()).toEqual(
      ["", "tenant,id,note", 'acme,1,"said ""hi"", left"', 'acme,2,""', "other,3,"].toSorted(),
    );
    expect(await ecap(...orders("cat", "orders"))).toMatch(/^tenant +id +note\n─+/);
  });

  it("cat reads a version or time, some columns and so many rows", async () => {
    const one = [{ id: 1 }];
    const columns = ["--columns", "id"];
    expect(await ecapJson(...orders("cat", "orders", "--version", "1", ...columns))).toEqual(one);
    const at = new Date(before).toISOString();
    expect(await ecapJson(...orders("cat", "orders", "--at", at, ...columns))).toEqual(one);
    expect(await ecapJson(...orders("cat", "orders", "--limit", "2"))).toHaveLength(2);
    expect(await ecapJson(...orders("cat", "orders", "--version", "0"))).toEqual([]);
  });

  it("cat writes a Parquet file, or leaves none behind", async () => {
    const file = join(dir, "out.parquet");
    const written = await ecapJson(...orders("cat", "orders", "--parquet", file));
    expect(written).toEqual({ file, rows: 3 });
    await expect(
      ecap(...orders("cat", "orders", "--columns", "x", "--parquet", join(dir, "no.parquet"))),
    ).rejects.toMatchObject({ code: "ECAP_QUERY_INVALID" });
    expect(existsSync(join(dir, "no.parquet"))).toBe(false);
  });

  it("schema, files and history tell about a table by its folder too", async () => {
    const folder = join(dir, "lake/orders");
    expect(await ecapJson("lake", "schema", folder)).toMatchObject({
      version: 2,
      columns: [{ name: "tenant" }, { name: "id", type: "integer" }, { name: "note" }],
    });
    expect(await ecap("lake", "schema", folder)).toMatch(/id +integer +yes +of the order/);
    expect(await ecapJson("lake", "files", folder)).toHaveLength(3);
    expect(await ecapJson("lake", "history", folder, "--limit", "1")).toMatchObject([
      { version: 2, operation: "WRITE" },
    ]);
  });

  it("verify says that all is well, or what is not", async () => {
    expect(await ecap(...orders("verify", "orders"))).toContain("all 3 files are as the log says");
    expect(process.exitCode).toBeUndefined();
    const [file] = (await ecapJson(...orders("files", "orders"))) as Array<{ file: string }>;
    await writeFile(join(dir, "lake/orders", file?.file ?? ""), "gone");
    expect(await ecapJson(...orders("verify", "orders"))).toMatchObject({
      problems: [{ file: file?.file, problem: expect.stringContaining("has 4 bytes") }],
    });
    expect(process.exitCode).toBe(2);
  });

  it("says where it looked for a table that is not there", async () => {
    await expect(ecap(...orders("cat", "nothing"))).rejects.toMatchObject({
      code: "ECAP_TABLE_NOT_FOUND",
      message: expect.stringContaining(join(dir, "lake")),
    });
    await expect(ecap(...orders("cat", "orders", "--version", "9"))).rejects.toMatchObject({
      code: "ECAP_TABLE_NOT_FOUND",
    });
  });
});

function sorted(rows: readonly ResultRow[]): string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}
