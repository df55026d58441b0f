import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deltaTableReader, deltaTableStore } from "@ecap/adapter-delta";
import { duckdbTableReader } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { ResultRow } from "@ecap/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createProgram } from "../../src/commands/program.ts";

const golden = fileURLToPath(new URL("../../../../../shared/data/delta_golden", import.meta.url));
const withRows = existsSync(golden)
  ? readdirSync(golden).filter((table) => existsSync(join(golden, table, "expected")))
  : [];

/** Runs the command in this process; what it prints. */
async function ecap(...args: readonly string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  await createProgram().parseAsync(["node", "ecap", ...args]);
  vi.restoreAllMocks();
  return printed.join("");
}

async function json(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await ecap(...args, "--json")) as unknown;
}

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
    const rows = await json(...orders("cat", "orders"));
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
    expect(await json(...orders("cat", "orders", "--version", "1", ...columns))).toEqual(one);
    const at = new Date(before).toISOString();
    expect(await json(...orders("cat", "orders", "--at", at, ...columns))).toEqual(one);
    expect(await json(...orders("cat", "orders", "--limit", "2"))).toHaveLength(2);
    expect(await json(...orders("cat", "orders", "--version", "0"))).toEqual([]);
  });

  it("cat writes a Parquet file, or leaves none behind", async () => {
    const file = join(dir, "out.parquet");
    const written = await json(...orders("cat", "orders", "--parquet", file));
    expect(written).toEqual({ file, rows: 3 });
    await expect(
      ecap(...orders("cat", "orders", "--columns", "x", "--parquet", join(dir, "no.parquet"))),
    ).rejects.toMatchObject({ code: "ECAP_QUERY_INVALID" });
    expect(existsSync(join(dir, "no.parquet"))).toBe(false);
  });

  it("schema, files and history tell about a table by its folder too", async () => {
    const folder = join(dir, "lake/orders");
    expect(await json("lake", "schema", folder)).toMatchObject({
      version: 2,
      columns: [{ name: "tenant" }, { name: "id", type: "integer" }, { name: "note" }],
    });
    expect(await ecap("lake", "schema", folder)).toMatch(/id +integer +yes +of the order/);
    expect(await json("lake", "files", folder)).toHaveLength(3);
    expect(await json("lake", "history", folder, "--limit", "1")).toMatchObject([
      { version: 2, operation: "WRITE" },
    ]);
  });

  it("verify says that all is well, or what is not", async () => {
    expect(await ecap(...orders("verify", "orders"))).toContain("all 3 files are as the log says");
    expect(process.exitCode).toBeUndefined();
    const [file] = (await json(...orders("files", "orders"))) as Array<{ file: string }>;
    await writeFile(join(dir, "lake/orders", file?.file ?? ""), "gone");
    expect(await json(...orders("verify", "orders"))).toMatchObject({
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

describe.skipIf(withRows.length === 0)("ecap lake cat (needs the shared data folder)", () => {
  const objects = fsObjectStore({ dir: golden, exactNames: true });
  const reader = duckdbTableReader({ objects });
  afterAll(() => reader.close());

  it.each(withRows)("prints %s as the reader gives it", async (table) => {
    const delta = deltaTableReader({ objects, root: `${table}/delta/`, name: table });
    const rows: ResultRow[] = [];
    for await (const part of reader.rows(await delta.snapshot())) rows.push(...part);
    await delta.close();
    const printed = await json("lake", "cat", join(golden, table, "delta"));
    // A matcher would take long to compare the million rows of some.
    const [ours, theirs] = [printed as ResultRow[], rows].map((all) => sorted(all).join("\n"));
    expect(ours === theirs).toBe(true);
  });
});

function sorted(rows: readonly ResultRow[]): string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}
