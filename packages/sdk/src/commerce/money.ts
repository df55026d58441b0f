/**
 * Exact decimal money. An amount is a decimal string such as "12.3" or "-0.005": no exponent, no needless zeros, below 10^14 in size, so that it
 * fits a decimal(18,4) column once rounded to its four places.
 *
 * Arithmetic runs on whole ten-thousandths as safe integers where that is exact, and on bigint where it is not.
 */

/** Ten-thousandths in one: the unit of the fast path and the scale of money columns in the lake. */
export const unitsPerOne = 10_000;

/** Greatest size of an amount, exclusive. */
export const moneyLimit = 1e14;

/** What an amount may look like as text, as a JSON Schema pattern. */
export const moneyPattern = /^[+-]?\d{1,14}(\.\d{0,30})?$/;

/** Decimals kept of a number; smaller parts are rounded off. */
const finest = 20;

const canonical = /^(?:0|-?(?:[1-9]\d{0,13}|0(?=\.))(?:\.\d*[1-9])?)$/;

/** The amount in its one form, or undefined where the value is no finite amount (NaN, Infinity, 1e400, "12,30", …). */
export function parseMoney(value: unknown): string | undefined {
  if (typeof value === "number") {
    if (!(Math.abs(value) < moneyLimit)) return undefined;
    const text = String(value);
    return text.includes("e") ? expand(text) : text;
  }
  if (typeof value !== "string") return undefined;
  if (value.length <= 32 && canonical.test(value)) return value;
  return moneyPattern.test(value) ? format(decimal(value)) : undefined;
}

export function addMoney(left: string, right: string): string {
  const units = exactUnits(left) + exactUnits(right);
  if (Number.isSafeInteger(units)) return trimmed(formatUnits(units));
  const [a, b] = aligned(decimal(left), decimal(right));
  return format({ digits: a.digits + b.digits, scale: a.scale });
}

export function subtractMoney(left: string, right: string): string {
  return addMoney(left, negateMoney(right));
}

export function negateMoney(amount: string): string {
  if (amount.startsWith("-")) return amount.slice(1);
  return amount === "0" ? amount : `-${amount}`;
}

/** Exact product of two decimals, as in price × quantity. */
export function multiplyMoney(left: string, right: string): string {
  const a = decimal(left);
  const b = decimal(right);
  return format({ digits: a.digits * b.digits, scale: a.scale + b.scale });
}

/** Negative, zero or positive as `left` is less than, equal to or greater than `right`. */
export function compareMoney(left: string, right: string): number {
  const difference = exactUnits(left) - exactUnits(right);
  if (!Number.isNaN(difference)) return difference;
  const [a, b] = aligned(decimal(left), decimal(right));
  return a.digits < b.digits ? -1 : a.digits > b.digits ? 1 : 0;
}

/** Rounded half up (away from zero), with exactly `places` decimals: for display, and for the scale of a column. */
export function roundMoney(amount: string, places = 2): string {
  const { digits, scale } = decimal(amount);
  let rounded = digits;
  if (scale > places) {
    const divisor = 10n ** BigInt(scale - places);
    const half = divisor / 2n;
    rounded = digits < 0n ? -((-digits + half) / divisor) : (digits + half) / divisor;
  } else rounded = digits * 10n ** BigInt(places - scale);
  return fixed(rounded, places);
}

/** Ten-thousandths of the amount where they are whole and safe to reckon with; NaN otherwise. Takes amounts as numbers or text. */
export function exactUnits(value: unknown): number {
  if (typeof value === "number") {
    const units = Math.round(value * unitsPerOne);
    return Number.isSafeInteger(units) && units / unitsPerOne === value ? units : Number.NaN;
  }
  return typeof value === "string" ? textUnits(value) : Number.NaN;
}

/** The units as text with up to four decimals, as in `123400` → "12.3400". */
export function formatUnits(units: number): string {
  const size = Math.abs(units);
  const whole = Math.floor(size / unitsPerOne);
  const rest = size - whole * unitsPerOne;
  const sign = units < 0 ? "-" : "";
  if (rest === 0) return `${sign}${whole}`;
  const zeros = rest < 10 ? "000" : rest < 100 ? "00" : rest < 1000 ? "0" : "";
  return `${sign}${whole}.${zeros}${rest}`;
}

interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

function decimal(text: string): Decimal {
  const point = text.indexOf(".");
  if (point < 0) return { digits: BigInt(unsigned(text)), scale: 0 };
  const digits = unsigned(text.slice(0, point) + text.slice(point + 1));
  return { digits: BigInt(digits), scale: text.length - point - 1 };
}

/** BigInt takes a minus but no plus. */
function unsigned(text: string): string {
  return text.startsWith("+") ? text.slice(1) : text;
}

function aligned(left: Decimal, right: Decimal): readonly [Decimal, Decimal] {
  const scale = Math.max(left.scale, right.scale);
  const at = ({ digits, scale: own }: Decimal): Decimal => ({
    digits: digits * 10n ** BigInt(scale - own),
    scale,
  });
  return [at(left), at(right)];
}

function format({ digits, scale }: Decimal): string {
  return trimmed(fixed(digits, scale));
}

function fixed(digits: bigint, scale: number): string {
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, "0");
  const sign = digits < 0n ? "-" : "";
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** "1.5e-7" in positional notation. */
function expand(text: string): string {
  const [mantissa = "0", exponent = "0"] = text.split("e");
  const { digits, scale } = decimal(mantissa);
  const places = scale - Number(exponent);
  if (places > finest) return trimmed(roundMoney(fixed(digits, places), finest));
  return places >= 0
    ? format({ digits, scale: places })
    : format({ digits: digits * 10n ** BigInt(-places), scale: 0 });
}

/** Reads at most four decimals digit by digit, which is several times faster than through bigint. */
function textUnits(text: string): number {
  const first = text.charCodeAt(0);
  const signed = first === 45 || first === 43;
  let units = 0;
  let decimals = -1;
  for (let i = signed ? 1 : 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 46 && decimals < 0) decimals = 0;
    else if (code >= 48 && code <= 57 && decimals < 4) {
      units = units * 10 + (code - 48);
      if (decimals >= 0) decimals += 1;
    } else return Number.NaN;
  }
  if (text.length === (signed ? 1 : 0)) return Number.NaN;
  for (let i = Math.max(decimals, 0); i < 4; i += 1) units *= 10;
  if (!Number.isSafeInteger(units)) return Number.NaN;
  return first === 45 && units !== 0 ? -units : units;
}
