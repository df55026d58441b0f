import type * as duckdb from "@duckdb/node-api";
import type { Cell } from "@ecap/sdk";

type Duckdb = typeof duckdb;
type Value = duckdb.DuckDBValue;

const dayMs = 86_400_000;

/** A table row's cell as DuckDB takes it for a column of the type. */
export function duckdbCell(api: Duckdb, cell: Cell, type: duckdb.DuckDBType): Value {
  if (cell === null || cell === undefined) return null;
  const { DuckDBTypeId: id } = api;
  if (type instanceof api.DuckDBDecimalType) return decimal(api, String(cell), type);
  if (cell instanceof Uint8Array) return new api.DuckDBBlobValue(cell);
  if (type.typeId === id.BIGINT) return BigInt(cell);
  if (type.typeId === id.DATE) return new api.DuckDBDateValue(Date.parse(String(cell)) / dayMs);
  if (type.typeId === id.TIMESTAMP_TZ) return new api.DuckDBTimestampTZValue(micros(cell));
  return cell;
}

/** Epoch milliseconds as a number, or microseconds as a bigint. */
function micros(cell: Cell): bigint {
  return typeof cell === "bigint" ? cell : BigInt(Math.round(Number(cell) * 1000));
}

function decimal(api: Duckdb, cell: string, { width, scale }: duckdb.DuckDBDecimalType): Value {
  const [whole = "", fraction = ""] = cell.split(".");
  const digits = BigInt(whole + fraction.padEnd(scale, "0").slice(0, scale));
  return new api.DuckDBDecimalValue(digits, width, scale);
}
