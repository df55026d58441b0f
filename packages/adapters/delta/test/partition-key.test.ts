import type { ColumnType } from "@ecap/sdk";
import { expect, it } from "vitest";
import { partitionKey } from "../src/files/partition-key.ts";
import { basicProtocol } from "../src/format/protocol.ts";
import { schemaToString } from "../src/format/schema.ts";

it.each<[ColumnType, string, string]>([
  ["double", "1e-7", "1E-07"],
  ["double", "12.0", "12"],
  ["decimal(9,2)", "1.50", "1.5"],
  ["decimal(9,2)", "100.00", "100"],
  ["timestamp", "2026-01-31 10:00:00", "2026-01-31T10:00:00.000000Z"],
  ["timestamp", "2026-01-31 10:00:00.5", "2026-01-31T10:00:00.500000Z"],
])("knows one %s by two spellings: %s and %s", (type, one, other) => {
  const key = (value: string) => keyOf(type, value);
  expect(key(one)).toBe(key(other));
});

it.each<[ColumnType, string, string]>([
  ["string", "1.50", "1.5"],
  ["decimal(9,2)", "100", "10"],
  ["timestamp", "2026-01-31 10:00:00", "2026-01-31 10:00:01"],
])("tells values of a %s apart: %s and %s", (type, one, other) => {
  expect(keyOf(type, one)).not.toBe(keyOf(type, other));
});

function keyOf(type: ColumnType, value: string): string {
  const columns = [
    { name: "p", type },
    { name: "x", type: "long" as const },
  ];
  const metaData = {
    id: "1",
    schemaString: schemaToString(columns),
    partitionColumns: ["p"],
    configuration: {},
  };
  const file = { path: "f", size: 1, modificationTime: 1, dataChange: true };
  const add = { ...file, partitionValues: { p: value } };
  return partitionKey({ protocol: basicProtocol, metaData }, add);
}
