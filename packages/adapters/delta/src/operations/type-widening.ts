import { decimalSize } from "../format/decimal-size.ts";

/** Digits that a whole number of the type may have. */
const digits: Readonly<Record<string, number>> = { byte: 10, short: 10, integer: 10, long: 20 };
const wholeTypes = ["byte", "short", "integer", "long"];

/**
 * Whether every value of one type is one of the other, by the changes that the protocol knows.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#type-widening
 */
export function canWiden(from: string, to: string): boolean {
  const [wholeFrom, wholeTo] = [wholeTypes.indexOf(from), wholeTypes.indexOf(to)];
  if (wholeFrom >= 0 && wholeTo >= 0) return wholeTo > wholeFrom;
  if (to === "double") return from === "float" || (wholeFrom >= 0 && from !== "long");
  if (from === "date") return to === "timestamp_ntz";
  const wider = decimalSize(to);
  if (!wider) return false;
  const before = decimalSize(from) ?? wholeSize(from);
  if (!before) return false;
  const [moreDigits, moreScale] = [wider.precision - before.precision, wider.scale - before.scale];
  return moreDigits >= moreScale && moreScale >= 0 && (moreDigits > 0 || !decimalSize(from));
}

function wholeSize(
  type: string,
): { readonly precision: number; readonly scale: number } | undefined {
  const precision = digits[type];
  return precision === undefined ? undefined : { precision, scale: 0 };
}
