import type * as duckdb from "@duckdb/node-api";
import { type ColumnType, EcapError } from "@ecap/sdk";

type Duckdb = typeof duckdb;

/** The type of a table's column for values of DuckDB's type; ECAP_TABLE_UNSUPPORTED where there is none. */
export function deltaType(api: Duckdb, type: duckdb.DuckDBType, column: string): ColumnType {
  const inner = (part: duckdb.DuckDBType) => deltaType(api, part, column);
  if (type instanceof api.DuckDBDecimalType) return `decimal(${type.width},${type.scale})`;
  if (type instanceof api.DuckDBListType) {
    return { type: "array", elementType: inner(type.valueType), containsNull: true };
  }
  if (type instanceof api.DuckDBMapType) {
    const [keyType, valueType] = [inner(type.keyType), inner(type.valueType)];
    return { type: "map", keyType, valueType, valueContainsNull: true };
  }
  if (type instanceof api.DuckDBStructType) {
    const { entryNames, entryTypes } = type;
    return {
      type: "struct",
      fields: entryTypes.map((part, i) => ({ name: entryNames[i] ?? "", type: inner(part) })),
    };
  }
  const plain = plainTypes(api).get(type.typeId);
  if (plain !== undefined) return plain;
  const message = `Column ${column} is a ${String(type)}, which Delta tables do not have`;
  throw new EcapError("ECAP_TABLE_UNSUPPORTED", message, { path: column });
}

function plainTypes({ DuckDBTypeId: id }: Duckdb): ReadonlyMap<number, ColumnType> {
  return new Map<number, ColumnType>([
    [id.VARCHAR, "string"],
    [id.BIGINT, "long"],
    [id.INTEGER, "integer"],
    [id.SMALLINT, "short"],
    [id.TINYINT, "byte"],
    [id.DOUBLE, "double"],
    [id.FLOAT, "float"],
    [id.BOOLEAN, "boolean"],
    [id.DATE, "date"],
    [id.TIMESTAMP_TZ, "timestamp"],
    [id.TIMESTAMP, "timestamp_ntz"],
    [id.BLOB, "binary"],
  ]);
}
