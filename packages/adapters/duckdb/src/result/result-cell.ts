import type * as duckdb from "@duckdb/node-api";
import type { ResultCell } from "@ecap/sdk";

type Duckdb = typeof duckdb;

/** A value of DuckDB as the port gives it. Bytes become base64; numbers that JSON cannot hold (NaN, infinities) become null. */
export function resultCell(api: Duckdb, value: duckdb.DuckDBValue): ResultCell {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return integer(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof api.DuckDBTimestampTZValue || value instanceof api.DuckDBTimestampValue) {
    return isoTimestamp(value.micros) ?? value.toString();
  }
  if (value instanceof api.DuckDBListValue || value instanceof api.DuckDBArrayValue) {
    return value.items.map((item) => resultCell(api, item));
  }
  if (value instanceof api.DuckDBStructValue) {
    const fields = Object.entries(value.entries);
    return Object.fromEntries(fields.map(([name, field]) => [name, resultCell(api, field)]));
  }
  if (value instanceof api.DuckDBMapValue) {
    const entries = value.entries.map(({ key, value: cell }): [string, ResultCell] => [
      String(key),
      resultCell(api, cell),
    ]);
    return Object.fromEntries(entries);
  }
  if (value instanceof api.DuckDBBlobValue) return Buffer.from(value.bytes).toString("base64");
  return value.toString();
}

function integer(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** ISO 8601 in UTC with milliseconds, or microseconds where there are any; undefined past the years that has. */
function isoTimestamp(micros: bigint): string | undefined {
  const milliseconds = Number(micros / 1000n) - (micros % 1000n < 0n ? 1 : 0);
  const rest = Number(micros - BigInt(milliseconds) * 1000n);
  if (Math.abs(milliseconds) > 8.64e15) return undefined;
  const iso = new Date(milliseconds).toISOString();
  return rest === 0 ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}

/** A parameter as DuckDB takes it: whole numbers as integers, dates as timestamps in UTC. */
export function parameterValue(api: Duckdb, value: unknown): duckdb.DuckDBValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "bigint")
    return value;
  if (typeof value === "number") {
    return Number.isSafeInteger(value) && Math.abs(value) >= 2 ** 31 ? BigInt(value) : value;
  }
  if (value instanceof Date) return new api.DuckDBTimestampTZValue(BigInt(value.getTime()) * 1000n);
  if (value instanceof Uint8Array) return new api.DuckDBBlobValue(value);
  if (Array.isArray(value))
    return new api.DuckDBListValue(value.map((item) => parameterValue(api, item)));
  throw new TypeError(`a parameter cannot be a ${typeof value}`);
}
