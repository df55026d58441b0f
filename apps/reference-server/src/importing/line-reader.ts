import { EcapError } from "@ecap/sdk";
import type { ColumnRef, Mapping, RecordKind } from "./mapping.ts";
import type { FileRow } from "./read-rows.ts";

/** A line of the file, read by the mapping. */
export interface MappedLine {
  readonly kind: RecordKind;
  readonly group: string;
  readonly reason: string | undefined;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly productId: string;
  readonly name: string;
  readonly category: string;
  readonly quantity: number;
  /** As written. */
  readonly price: string;
  readonly customer: string;
  readonly country: string;
  readonly isCharge: boolean;
  /** Equal for exactly equal lines; empty where the mapping keeps duplicates. */
  readonly fingerprint: string;
}

/** Compiles the mapping for a file's columns. A column that is not there is ECAP_MAPPING_INVALID; a line that cannot be read says so when it is. */
export function createLineReader(
  mapping: Mapping,
  columns: readonly string[],
): (row: FileRow) => MappedLine | { readonly problem: string } {
  const value = (ref: ColumnRef | undefined): ((row: FileRow) => string) => compile(ref, columns);
  const group = value(mapping.group);
  const time = value(mapping.time);
  const productId = value(mapping.line.product_id);
  const name = value(mapping.line.name);
  const category = value(mapping.line.category);
  const quantity = value(mapping.line.quantity);
  const price = value(mapping.line.price);
  const customer = value(mapping.customer);
  const country = value(mapping.country);
  const kinds = mapping.kinds.map(({ kind, when, reason }) => ({
    kind,
    reason,
    holds: condition(when, columns),
  }));
  const isCharge =
    mapping.charges === undefined ? () => false : condition(mapping.charges, columns);
  const times = new Map<string, string | undefined>();

  function instantOf(text: string): string | undefined {
    if (!times.has(text)) {
      if (times.size > 100_000) times.clear();
      times.set(text, toInstant(text));
    }
    return times.get(text);
  }

  return (row) => {
    if (row.length !== columns.length)
      return { problem: `it has ${row.length} cells for ${columns.length} columns` };
    const at = instantOf(time(row));
    if (at === undefined) return { problem: `"${time(row)}" is no time` };
    if (!/^\s*-?\d{1,12}(\.\d{1,6})?\s*$/.test(quantity(row)))
      return { problem: `"${quantity(row)}" is no quantity` };
    if (!/^-?\d+(\.\d+)?$/.test(price(row))) return { problem: `"${price(row)}" is no price` };
    const rule = kinds.find(({ holds }) => holds(row));
    return {
      kind: rule?.kind ?? "order",
      reason: rule?.reason,
      group: group(row),
      time: at,
      productId: productId(row),
      name: name(row),
      category: category(row),
      quantity: Number(quantity(row)),
      price: price(row),
      customer: customer(row),
      country: country(row),
      isCharge: isCharge(row),
      fingerprint: mapping.duplicates === "drop" ? row.join("\u001f") : "",
    };
  };
}

function compile(ref: ColumnRef | undefined, columns: readonly string[]): (row: FileRow) => string {
  if (ref === undefined) return () => "";
  const { column, remove, as } =
    typeof ref === "string" ? { column: ref, remove: undefined, as: undefined } : ref;
  const index = indexOf(column, columns);
  const cut = remove === undefined ? undefined : new RegExp(remove);
  return (row) => {
    let text = row[index] ?? "";
    if (cut !== undefined) text = text.replace(cut, "");
    return as?.[text] ?? text;
  };
}

function condition(
  when: Readonly<Record<string, string>>,
  columns: readonly string[],
): (row: FileRow) => boolean {
  const tests = Object.entries(when).map(([column, pattern]) => ({
    index: indexOf(column, columns),
    pattern: new RegExp(pattern),
  }));
  return (row) => tests.every(({ index, pattern }) => pattern.test(row[index] ?? ""));
}

function indexOf(column: string, columns: readonly string[]): number {
  const index = columns.indexOf(column);
  if (index < 0)
    throw new EcapError(
      "ECAP_MAPPING_INVALID",
      `the file has no column "${column}"; it has ${columns.join(", ")}`,
    );
  return index;
}

/** A time without a zone is UTC. */
function toInstant(text: string): string | undefined {
  const match =
    /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
      text.trim(),
    );
  if (match === null) return undefined;
  const [, day, clock = "00:00:00", zone = "Z"] = match;
  const time = Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
