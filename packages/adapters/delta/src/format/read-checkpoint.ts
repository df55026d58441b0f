import { type Field, tableFromIPC } from "apache-arrow";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import type { Action } from "./actions.ts";
import { parseAction } from "./parse-actions.ts";

/** The actions of one checkpoint or sidecar file in Parquet. Throws where they are not what the protocol says. */
export async function readParquetActions(
  codec: ParquetCodec,
  bytes: Uint8Array,
): Promise<Action[]> {
  const table = tableFromIPC(await codec.read(bytes));
  return table.schema.fields.flatMap((field, at) => {
    const column = table.getChildAt(at);
    const parts: unknown = field.type.children;
    if (!column || !Array.isArray(parts)) return [];
    const children = parts.flatMap((part: Field, i) => {
      const values = unusedParts.has(part.name) ? null : column.getChildAt(i);
      return values ? [{ name: part.name, values }] : [];
    });
    const actions: Action[] = [];
    for (let i = 0; i < table.numRows; i++) {
      if (!column.isValid(i)) continue;
      const entries = children.map(({ name, values }) => [name, plain(values.get(i))]);
      const action = parseAction({ [field.name]: Object.fromEntries(entries) });
      if (action) actions.push(action);
    }
    return actions;
  });
}

/** Copies of statistics and partition values in another form. */
const unusedParts = new Set(["stats_parsed", "partitionValues_parsed"]);

/** An Arrow value as JSON would have it. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return undefined;
  const json: unknown =
    "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON() : value;
  if (Array.isArray(json)) return json.map(plain);
  return Object.fromEntries(Object.entries(json ?? {}).map(([key, part]) => [key, plain(part)]));
}
