import { Decimal } from "apache-arrow";
import type { DecimalSize } from "../format/decimal-size.ts";
import { type ColumnBuilder, cellError, Validity } from "./built-column.ts";
import { Bounds, writeInt64 } from "./integers.ts";

const dot = 46;
const zero = 48;
/** Digits that a double holds exactly. */
const exactDigits = 15;

/** Decimals go from text to a scaled integer without ever being a float. */
export function decimalBuilder(size: DecimalSize): ColumnBuilder {
  return (column, group) => {
    const { rows } = group;
    const validity = new Validity(column, group);
    const words = new Int32Array(rows.length * 4);
    const bounds = new Bounds();
    for (let i = 0; i < rows.length; i++) {
      const cell = rows[i]?.[column.name];
      if (cell === null || cell === undefined) {
        validity.setNull(i);
        continue;
      }
      const scaled = typeof cell === "string" ? scaledDecimal(cell, size) : undefined;
      if (scaled === undefined) throw cellError(column, group, i);
      write128(words, i * 4, scaled);
      bounds.add(scaled);
    }
    const type = new Decimal(size.scale, size.precision, 128);
    return {
      data: validity.data(type, new Uint32Array(words.buffer)),
      nullCount: validity.nullCount,
      ...bounds.texts((value) => decimalText(value, size.scale)),
    };
  };
}

/** The value times 10^scale; undefined for text that is not a plain decimal or does not fit exactly. */
export function scaledDecimal(
  text: string,
  { precision, scale }: DecimalSize,
): number | bigint | undefined {
  const negative = text.charCodeAt(0) === 45;
  const start = negative ? 1 : 0;
  let value = 0;
  let digits = 0;
  let fraction = -1;
  for (let i = start; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === dot && fraction < 0 && i > start) {
      fraction = 0;
      continue;
    }
    const digit = unit - zero;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    if (fraction >= 0 && ++fraction > scale) {
      if (digit !== 0) return undefined;
      continue;
    }
    if (digits > 0 || digit > 0) digits++;
    value = value * 10 + digit;
  }
  if (start === text.length || fraction === 0) return undefined;
  const missing = scale - Math.min(Math.max(fraction, 0), scale);
  if (digits > 0 && digits + missing > precision) return undefined;
  if (digits + missing > exactDigits) return scaledBigInt(text, scale);
  const scaled = missing === 0 ? value : value * 10 ** missing;
  return negative && scaled !== 0 ? -scaled : scaled;
}

function scaledBigInt(text: string, scale: number): bigint {
  const [whole = "", fraction = ""] = text.replace("-", "").split(".");
  const value = BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0"));
  return text.startsWith("-") ? -value : value;
}

function write128(words: Int32Array, at: number, value: number | bigint): void {
  writeInt64(words, at, value);
  if (typeof value === "number") words.fill(value < 0 ? -1 : 0, at + 2, at + 4);
  else writeInt64(words, at + 2, value >> 64n);
}

/** A scaled integer as plain decimal text, which is also a JSON number. */
export function decimalText(scaled: number | bigint, scale: number): string {
  const digits = String(scaled)
    .replace("-", "")
    .padStart(scale + 1, "0");
  const sign = scaled < 0 ? "-" : "";
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
