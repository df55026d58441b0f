import { EcapError } from "@ecap/sdk";
import { decimalSize } from "./decimal-size.ts";
import { isRecord, type JsonRecord } from "./json-fields.ts";

const changes = "delta.typeChanges";
/** Types that values of a plain type may have become. */
const widerThan: Readonly<Record<string, readonly string[]>> = {
  byte: ["short", "integer", "long", "double"],
  short: ["integer", "long", "double"],
  integer: ["long", "double"],
  float: ["double"],
  date: ["timestamp_ntz"],
};
/** Digits before the point that a decimal needs to hold every value of the type. */
const digits: Readonly<Record<string, number>> = { byte: 10, short: 10, integer: 10, long: 20 };

/**
 * Throws ECAP_TABLE_UNSUPPORTED where a column went through a change of type that a reader may not follow.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#type-widening
 */
export function checkTypeChanges(metadata: JsonRecord, column: string): void {
  const list = metadata[changes] ?? [];
  if (!Array.isArray(list)) throw new TypeError(`${changes} of ${column} is not a list`);
  for (const change of list as readonly unknown[]) {
    const [from, to] = isRecord(change) ? [change["fromType"], change["toType"]] : [];
    if (typeof from === "string" && typeof to === "string" && isWidening(from, to)) continue;
    throw new EcapError(
      "ECAP_TABLE_UNSUPPORTED",
      `Column ${column} was changed from ${String(from)} to ${String(to)}`,
      { path: column, received: change },
    );
  }
}

/** Whether data files may hold the column, or a part of it, in a narrower type than the schema's. */
export function hasTypeChanges(metadata: JsonRecord): boolean {
  return changes in metadata;
}

/** Whether every value of one type is one of the other, by the changes that the protocol knows. */
export function isWidening(from: string, to: string): boolean {
  if (widerThan[from]?.includes(to)) return true;
  const wide = decimalSize(to);
  const narrow = decimalSize(from) ?? { precision: digits[from] ?? Infinity, scale: 0 };
  return (
    wide !== undefined &&
    wide.scale >= narrow.scale &&
    wide.precision - wide.scale >= narrow.precision - narrow.scale
  );
}
