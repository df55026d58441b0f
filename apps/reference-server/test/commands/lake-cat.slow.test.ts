import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deltaTableReader } from "@ecap/adapter-delta";
import { duckdbTableReader } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { ResultRow } from "@ecap/sdk";
import { afterAll, describe, expect, it } from "vitest";
import { ecapJson } from "../support/ecap-in-process.ts";

const golden = fileURLToPath(new URL("../../../../../shared/data/delta_golden", import.meta.url));
const withRows = existsSync(golden)
  ? readdirSync(golden).filter((table) => existsSync(join(golden, table, "expected")))
  : [];

describe.skipIf(withRows.length === 0)("ecap lake cat (needs the shared data folder)", () => {
  const objects = fsObjectStore({ dir: golden, exactNames: true });
  const reader = duckdbTableReader({ objects });
  afterAll(() => reader.close());

  it.each(withRows)("prints %s as the reader gives it", async (table) => {
    const delta = deltaTableReader({ objects, root: `${table}/delta/`, name: table });
    const rows: ResultRow[] = [];
    for await (const part of reader.rows(await delta.snapshot())) rows.push(...part);
    await delta.close();
    const printed = await ecapJson("lake", "cat", join(golden, table, "delta"));
    // A matcher would take long to compare the million rows of some.
    const [ours, theirs] = [printed as ResultRow[], rows].map((all) =>
      all
        .map((row) => JSON.stringify(row))
        .toSorted()
        .join("\n"),
    );
    expect(ours === theirs).toBe(true);
  });
});
