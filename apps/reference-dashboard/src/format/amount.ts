import type { Amount } from "../api/answers.ts";

/** a + b, exactly. */
export function addAmounts(a: Amount, b: Amount): Amount {
  const places = Math.max(placesOf(a), placesOf(b));
  const sum = scaled(a, places) + scaled(b, places);
  const digits = (sum < 0n ? -sum : sum).toString().padStart(places + 1, "0");
  const cut = digits.length - places;
  return `${sum < 0n ? "-" : ""}${digits.slice(0, cut)}${places === 0 ? "" : "."}${digits.slice(cut)}` as Amount;
}

/** Change from `before` to `now` as a share of `before`; undefined where there was nothing to compare with. For display only. */
export function relativeChange(now: Amount | number, before: Amount | number): number | undefined {
  const base = Math.abs(Number(before));
  return base === 0 ? undefined : (Number(now) - Number(before)) / base;
}

function placesOf(amount: Amount): number {
  return amount.split(".")[1]?.length ?? 0;
}

function scaled(amount: Amount, places: number): bigint {
  const [whole = "0", fraction = ""] = amount.split(".");
  return BigInt(whole + fraction.padEnd(places, "0"));
}
