import type { Column, ColumnStatistics, WrittenFile } from "@ecap/sdk";
import { stringBounds } from "../columns/string-column.ts";

/** The statistics of a written file as the JSON text of an add action. Bounds that JSON cannot hold are left out. */
export function addStatistics(
  file: Pick<WrittenFile, "rows" | "statistics">,
  columns: readonly Column[],
): string {
  const [min, max, nullCount]: [string[], string[], string[]] = [[], [], []];
  for (const { name, physicalName = name, type } of columns) {
    const known = file.statistics.get(physicalName);
    if (!known || typeof type !== "string") continue;
    const key = JSON.stringify(physicalName);
    if (known.nullCount !== undefined) nullCount.push(`${key}:${known.nullCount}`);
    const bounds = boundsOf(type, known);
    if (bounds.min !== undefined) min.push(`${key}:${bounds.min}`);
    if (bounds.max !== undefined) max.push(`${key}:${bounds.max}`);
  }
  return `{"numRecords":${file.rows},"minValues":{${min.join(",")}},"maxValues":{${max.join(",")}},"nullCount":{${nullCount.join(",")}}}`;
}

/** Bounds as JSON texts, so that decimals and long integers keep every digit. */
function boundsOf(type: string, { min, max }: ColumnStatistics): { min?: string; max?: string } {
  if (min === undefined || max === undefined) return {};
  if (type === "string") return stringBounds(min, max);
  if (type === "date") {
    return isDate(min) && isDate(max) ? { min: JSON.stringify(min), max: JSON.stringify(max) } : {};
  }
  if (type === "timestamp" || type === "timestamp_ntz") return timeBounds(type, min, max);
  const isNumber = /^(?:long|integer|short|byte|double|float|decimal\(.*\))$/.test(type);
  return isNumber && jsonNumber.test(min) && jsonNumber.test(max) ? { min, max } : {};
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const isDate = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text);
const timePattern = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?(?:\+00)?$/;

/** Cut to the millisecond, as the protocol has it. */
function timeBounds(type: string, ...bounds: readonly [string, string]) {
  const [min, max] = bounds.map((bound) => {
    const [, date, time, fraction = ""] = timePattern.exec(bound) ?? [];
    if (date === undefined) return undefined;
    return `"${date}T${time}.${fraction.padEnd(3, "0")}${type === "timestamp" ? "Z" : ""}"`;
  });
  return min === undefined || max === undefined ? {} : { min, max };
}
