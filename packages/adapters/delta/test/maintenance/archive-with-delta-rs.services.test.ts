import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import { describe, expect, it } from "vitest";
import { hasPython, runPython } from "../python.ts";
import { dyingStore } from "./dying-store.ts";
import { batchRows, days, schema } from "./lake-days.ts";

/** Both parts at their newest version, and the archive at the version that the table names. */
const readBoth = `
import json, sys
from deltalake import DeltaTable
folder = sys.argv[1]
def rows(table): return sorted(f"{r['date']} {r['batch']}" for r in table.to_pyarrow_table().to_pylist())
table = DeltaTable(folder + "/orders")
version = table.transaction_version("ecap-archive")
print(json.dumps({
  "table": rows(table),
  "archive": rows(DeltaTable(folder + "/archive/orders", version=version)),
  "newest": rows(DeltaTable(folder + "/archive/orders")),
}))`;

interface Parts {
  readonly table: readonly string[];
  readonly archive: readonly string[];
  readonly newest: readonly string[];
}

describe.skipIf(!hasPython("deltalake", "pyarrow"))(
  "an archive for delta-rs (needs pip install deltalake pyarrow)",
  () => {
    it("is a table of its own, and at the version that the table names every row is in one of the two", async () => {
      const dir = await mkdtemp(join(tmpdir(), "ecap-archive-rs-"));
      const objects = fsObjectStore({ dir });
      const store = deltaTableStore({ objects });
      const read = () => Object(runPython(readBoth, dir)) as Parts;
      const all = days.flatMap((day) => [`${day} 1`, `${day} 2`]);
      await store.ensure("orders", schema);
      for (const batch of [1, 2]) await store.append("orders", batchRows(batch));
      await store.maintenance?.retire("orders", { by: "date", archiveBefore: "2026-01-03" });
      const moved = read();
      expect(moved.archive).toEqual(all.slice(0, 4));
      expect(moved.table).toEqual(all.slice(4));
      expect(moved.newest).toEqual(moved.archive);

      // A run that ends after the archive's version and before the table's.
      let left = 4 + 1;
      const dying = deltaTableStore({ objects: dyingStore(objects, () => left-- > 0) });
      const next = { by: "date", archiveBefore: "2026-01-05" };
      await expect(dying.maintenance?.retire("orders", next)).rejects.toThrow("has ended");
      const between = read();
      expect({ ...between, newest: [] }).toEqual({ ...moved, newest: [] });
      expect(between.newest).toEqual(all.slice(0, 8));

      await store.maintenance?.retire("orders", next);
      const done = read();
      expect([...done.archive, ...done.table]).toEqual(all);
      expect(done.newest).toEqual(done.archive);
      await Promise.all([store.close(), dying.close()]);
      await rm(dir, { recursive: true });
    });
  },
);
