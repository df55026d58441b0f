import type { Amount, BreakdownRow } from "../api/answers.ts";
import { addAmounts } from "../format/amount.ts";
import { countryName, resolveCountry } from "./country.ts";

export interface CountrySales {
  /** ISO 3166-1 alpha-2. Absent where the value is no country. */
  readonly code: string | undefined;
  readonly name: string;
  readonly net: Amount;
  readonly orders: number;
}

/** Values as countries, different spellings of one country added up, most net revenue first. */
export function salesByCountry(rows: readonly BreakdownRow[]): readonly CountrySales[] {
  const found = new Map<string, CountrySales>();
  for (const { value, net, orders } of rows) {
    const code = resolveCountry(value);
    const key = code ?? value;
    const before = found.get(key);
    const name = code === undefined ? value : nameOf(code, value);
    found.set(
      key,
      before === undefined
        ? { code, name, net, orders }
        : { ...before, net: addAmounts(before.net, net), orders: before.orders + orders },
    );
  }
  return [...found.values()].toSorted(
    (a, b) => Number(b.net) - Number(a.net) || a.name.localeCompare(b.name),
  );
}

/** The name the shop uses, where it is one; else the name of the code. */
function nameOf(code: string, value: string): string {
  return /^channel islands$/i.test(value) ? value : countryName(code);
}
