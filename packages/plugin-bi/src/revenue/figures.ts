import { addMoney, compareMoney, roundMoney, subtractMoney } from "@ecap/sdk/commerce";
import type { RevenueFigures } from "../contract.ts";
import type { Movement } from "./movements.ts";

export interface Bucket {
  readonly key: string | null;
  readonly name: string | undefined;
  readonly figures: RevenueFigures;
}

/** The currency with the most sales and the others, of everything that moved. */
export function currencies(movements: readonly Movement[]): readonly string[] {
  const gross = new Map<string, string>();
  for (const { currency, gross: amount } of movements)
    if (currency !== null) gross.set(currency, addMoney(gross.get(currency) ?? "0", amount));
  return [...gross]
    .toSorted(([nameA, a], [nameB, b]) => compareMoney(b, a) || nameA.localeCompare(nameB))
    .map(([name]) => name);
}

/** Movements of one bucket added up; amounts stay exact. */
export function addUp(movements: readonly Movement[]): RevenueFigures {
  const sum = (amountOf: (movement: Movement) => string): string =>
    movements.reduce((total, movement) => addMoney(total, amountOf(movement)), "0");
  const gross = sum((movement) => movement.gross);
  const refunded = sum((movement) => movement.refunded);
  const adjustments = sum((movement) => movement.adjustments);
  const orders = movements.reduce((total, movement) => total + movement.orders, 0);
  return {
    gross: plain(gross),
    refunded: plain(refunded),
    adjustments: plain(adjustments),
    net: plain(addMoney(subtractMoney(gross, refunded), adjustments)),
    orders,
    units: movements.reduce((total, movement) => total + movement.units, 0),
    averageOrderValue: orders === 0 ? "0.00" : divide(gross, orders),
  };
}

export function buckets(movements: readonly Movement[]): readonly Bucket[] {
  const groups = new Map<string | null, Movement[]>();
  for (const movement of movements) {
    const group = groups.get(movement.key);
    if (group === undefined) groups.set(movement.key, [movement]);
    else group.push(movement);
  }
  return [...groups].map(([key, group]) => ({
    key,
    name: group.find(({ name }) => name != null)?.name ?? undefined,
    figures: addUp(group),
  }));
}

/** An exact decimal with two places at least and no zeros past them. */
export function plain(amount: string): string {
  const [whole = "0", fraction = ""] = amount.split(".");
  return `${whole}.${fraction.replace(/0+$/, "").padEnd(2, "0")}`;
}

/** amount / count, rounded half up to cents. */
function divide(amount: string, count: number): string {
  const [whole = "0", fraction = ""] = amount.replace("-", "").split(".");
  const scaled = BigInt(whole + fraction.padEnd(6, "0").slice(0, 6));
  const quotient = (scaled + BigInt(count) / 2n) / BigInt(count);
  const digits = quotient.toString().padStart(7, "0");
  return roundMoney(
    `${amount.startsWith("-") ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)}`,
    2,
  );
}
