import type { Amount } from "../api/answers.ts";

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const change = new Intl.NumberFormat(undefined, {
  style: "percent",
  maximumFractionDigits: 1,
  signDisplay: "exceptZero",
});
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const money = new Map<string, Intl.NumberFormat>();

const decimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const exact = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });

export const formatDecimal = (value: number): string => decimal.format(value);
/** As many figures as tell it from its neighbours. */
export const formatExact = (value: number): string => exact.format(value);
export const formatCount = (value: number): string => whole.format(value);
export const formatCompact = (value: number): string => compact.format(value);
export const formatPercent = (share: number): string => percent.format(share);
/** With its sign, as in "+12.5%". */
export const formatChange = (share: number): string => change.format(share);

export interface MoneyStyle {
  /** exact: with cents; whole: without; compact: as in €1.2M. Default exact. */
  readonly style?: "exact" | "whole" | "compact";
}

/** Money in the reader's notation. An exact decimal stays exact up to the rounding that is shown (half away from zero). */
export function formatMoney(
  amount: Amount | number,
  currency: string | null,
  { style = "exact" }: MoneyStyle = {},
): string {
  const key = `${currency}/${style}`;
  const format = money.get(key) ?? moneyFormat(currency, style);
  money.set(key, format);
  return format.format(amount);
}

function moneyFormat(
  currency: string | null,
  style: "exact" | "whole" | "compact",
): Intl.NumberFormat {
  const unit =
    currency === null
      ? {}
      : ({ style: "currency", currency, currencyDisplay: "narrowSymbol" } as const);
  if (style === "compact")
    return new Intl.NumberFormat(undefined, {
      ...unit,
      notation: "compact",
      maximumFractionDigits: 1,
    });
  if (style === "whole")
    return new Intl.NumberFormat(undefined, {
      ...unit,
      minimumFractionDigits: 0,
      maximumFractionDigits: 0,
    });
  return new Intl.NumberFormat(
    undefined,
    currency === null ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : unit,
  );
}
