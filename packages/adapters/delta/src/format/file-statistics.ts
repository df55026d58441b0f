import type { Column } from "@ecap/sdk";
import { isRecord, type JsonRecord } from "./json-fields.ts";
import type { StoredText } from "./stored-text.ts";

/** Statistics of one data file, by the table's names of columns. */
export interface FileStatistics {
  readonly rows: number | undefined;
  readonly min?: JsonRecord;
  readonly max?: JsonRecord;
  /** NULLs by column, within structs too. */
  readonly nullCount?: JsonRecord;
}

/**
 * The statistics in the JSON text of an add action. They only help, so broken ones count as absent.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#per-file-statistics
 */
export function parseStatistics(
  text: StoredText | undefined,
  columns: readonly Column[],
): FileStatistics {
  const stats = jsonRecord(text);
  const rows = stats["numRecords"];
  const named = (field: string) => {
    const values = stats[field];
    return isRecord(values) ? byName(values, columns) : undefined;
  };
  const [min, max, nullCount] = [named("minValues"), named("maxValues"), named("nullCount")];
  return {
    rows: typeof rows === "number" ? rows : undefined,
    ...(min ? { min } : {}),
    ...(max ? { max } : {}),
    ...(nullCount ? { nullCount } : {}),
  };
}

function jsonRecord(text: StoredText | undefined): JsonRecord {
  try {
    const stats: unknown = text === undefined ? {} : JSON.parse(text.toString());
    return isRecord(stats) ? stats : {};
  } catch {
    return {};
  }
}

/** Values by the names that data files use, put under the table's names. */
function byName(values: JsonRecord, columns: readonly Column[]): JsonRecord {
  const entries = columns.flatMap(({ name, physicalName = name, type }) => {
    const value = Object.hasOwn(values, physicalName) ? values[physicalName] : undefined;
    if (value === undefined || value === null) return [];
    const isStruct = typeof type === "object" && type.type === "struct" && isRecord(value);
    return [[name, isStruct ? byName(value, type.fields) : value] as const];
  });
  return Object.fromEntries(entries);
}
