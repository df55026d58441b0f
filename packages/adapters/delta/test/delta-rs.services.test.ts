import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { TableSchema } from "@ecap/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasPython, runPython } from "./python.ts";

const schema: TableSchema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "date", type: "date", nullable: false },
    { name: "id", type: "string", nullable: false },
    { name: "amount", type: "decimal(18,4)" },
    { name: "wide", type: "decimal(38,10)" },
    { name: "quantity", type: "integer" },
    { name: "total", type: "long" },
    { name: "ratio", type: "double" },
    { name: "gift", type: "boolean" },
    { name: "at", type: "timestamp" },
    { name: "raw", type: "binary" },
  ],
  partitionBy: ["tenant", "date"],
};

describe.skipIf(!hasPython("deltalake", "pyarrow"))(
  "delta-rs, an independent implementation (needs pip install deltalake pyarrow)",
  () => {
    let dir: string;
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), "ecap-delta-rs-"));
    });
    afterAll(() => rm(dir, { recursive: true }));
    const open = () => deltaTableStore({ objects: fsObjectStore({ dir }) });

    it("reads what we write: rows, types, partitions, statistics, checkpoint, old versions", async () => {
      const store = open();
      await store.ensure("orders", schema);
      await store.append("orders", [
        {
          tenant: "shop ü/1",
          date: "2026-01-31",
          id: "first",
          amount: "-12.3",
          wide: "1234567890123456789012345678.0123456789",
          quantity: -5,
          total: 2n ** 62n,
          ratio: 0.1,
          gift: true,
          at: Date.UTC(2026, 0, 31, 10, 30, 0, 125),
          raw: new Uint8Array([0, 255]),
        },
        { tenant: "shop ü/1", date: "2026-01-31", id: "😀 second" },
      ]);
      for (let i = 0; i < 12; i++) {
        await store.append("orders", [{ tenant: "acme", date: "2026-02-01", id: `more ${i}` }], {
          transactions: [{ appId: "sink", version: i }],
        });
      }
      await store.close();

      const seen: Partial<Seen> = Object(
        runPython(
          `
import json, sys
from deltalake import DeltaTable
table = DeltaTable(sys.argv[1])
rows = table.to_pyarrow_table().sort_by("id")
adds = table.get_add_actions(flatten=True)
try: adds = adds.to_pylist()
except AttributeError:
    import pyarrow; adds = pyarrow.table(adds).to_pylist()
print(json.dumps({
  "version": table.version(),
  "protocol": [table.protocol().min_reader_version, table.protocol().min_writer_version],
  "types": {f.name: str(f.type) for f in rows.schema},
  "count": rows.num_rows,
  "first": [r for r in rows.to_pylist() if r["id"] == "first"][0],
  "old": DeltaTable(sys.argv[1], version=5).to_pyarrow_table().num_rows,
  "filtered": table.to_pyarrow_table(filters=[("tenant", "=", "shop ü/1")]).num_rows,
  "adds": [a for a in adds if a["num_records"] == 2],
  "txn": table.transaction_version("sink"),
}, default=str))`,
          join(dir, "orders"),
        ),
      );
      expect(seen).toMatchObject({
        version: 13,
        protocol: [1, 2],
        count: 14,
        old: 6,
        filtered: 2,
        txn: 11,
      });
      expect(seen.types).toMatchObject({
        amount: "decimal128(18, 4)",
        wide: "decimal128(38, 10)",
        total: "int64",
        at: "timestamp[us, tz=UTC]",
        date: "date32[day]",
      });
      expect(seen.first).toEqual({
        tenant: "shop ü/1",
        date: "2026-01-31",
        id: "first",
        amount: "-12.3000",
        wide: "1234567890123456789012345678.0123456789",
        quantity: -5,
        total: 2 ** 62,
        ratio: 0.1,
        gift: true,
        at: "2026-01-31 10:30:00.125000+00:00",
        raw: "b'\\x00\\xff'",
      });
      expect(seen.adds).toHaveLength(1);
      expect(seen.adds?.[0]).toMatchObject({
        "min.id": "first",
        "max.id": "😀 second",
        "null_count.gift": 1,
      });
    });

    it("reads tables after old commits are gone and only our checkpoint is left", async () => {
      const store = open();
      await store.ensure("short", schema);
      for (let i = 0; i < 10; i++) {
        await store.append("short", [
          { tenant: "acme", date: "2026-02-01", id: `${i}`, amount: "1.5" },
        ]);
      }
      await store.close();
      const log = join(dir, "short", "_delta_log");
      for (let v = 0; v <= 10; v++) await rm(join(log, `${String(v).padStart(20, "0")}.json`));
      const count = runPython(
        `import sys; from deltalake import DeltaTable; print(DeltaTable(sys.argv[1]).to_pyarrow_table().num_rows)`,
        join(dir, "short"),
      );
      expect(count).toBe(10);
      const again = open();
      expect((await again.snapshot("short")).files).toHaveLength(10);
      await again.close();
    });

    it("writes what we read: appends, an overwrite, a checkpoint; and each appends to the other's table", async () => {
      runPython(
        `
import sys, pyarrow as pa
from decimal import Decimal
from deltalake import DeltaTable, write_deltalake
def rows(n): return pa.table({"country": ["UK", "FR"] * n, "revenue": pa.array([Decimal("1.50"), None] * n, pa.decimal128(18, 2)), "n": pa.array([1, 2] * n, pa.int64())})
write_deltalake(sys.argv[1], rows(1), partition_by=["country"])
write_deltalake(sys.argv[1], rows(2), mode="append")
write_deltalake(sys.argv[1], rows(3), mode="overwrite")
DeltaTable(sys.argv[1]).create_checkpoint()
write_deltalake(sys.argv[1], rows(1), mode="append")
print(0)`,
        join(dir, "theirs"),
      );
      const store = open();
      const snapshot = await store.snapshot("theirs");
      expect(snapshot.version).toBe(3);
      expect(snapshot.schema.columns.map(({ name, type }) => [name, type])).toEqual([
        ["country", "string"],
        ["revenue", "decimal(18,2)"],
        ["n", "long"],
      ]);
      const rows = (files: typeof snapshot.files) =>
        files.reduce((sum, file) => sum + (file.rows ?? 0), 0);
      expect(rows(snapshot.files)).toBe(8);
      expect(rows((await store.snapshot("theirs", { version: 1 })).files)).toBe(6);
      await store.append("theirs", [{ country: "DE", revenue: "2.25", n: 3 }]);
      await store.close();
      const sum = runPython(
        `import sys, json; from deltalake import DeltaTable; import pyarrow.compute as pc
print(json.dumps(str(pc.sum(DeltaTable(sys.argv[1]).to_pyarrow_table()["revenue"]))))`,
        join(dir, "theirs"),
      );
      expect(sum).toBe("8.25");
    });
  },
);

interface Seen {
  readonly types: Readonly<Record<string, string>>;
  readonly first: Readonly<Record<string, unknown>>;
  readonly adds: ReadonlyArray<Readonly<Record<string, unknown>>>;
}
