import { lazy, Suspense, useMemo } from "react";
import type { Amount } from "../../api/answers.ts";
import type { WholeCase } from "../../api/fraud-answers.ts";
import { formatMoney } from "../../format/numbers.ts";
import { countryName, resolveCountry } from "../../geo/country.ts";
import type { CountrySales } from "../../geo/sales-by-country.ts";
import { Panel } from "../../ui/panel.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";

const WorldMap = lazy(async () => ({
  default: (await import("../../charts/world-map.tsx")).WorldMap,
}));
const words = { amount: "Amount", count: "Payments", none: "No payments" } as const;

/** Where the payments of the case come from. */
export function CountriesOfCase({ of }: { readonly of: WholeCase }) {
  const countries = useMemo(() => countriesOf(of), [of]);
  if (countries.length === 0) return null;
  const currency = of.currency ?? null;
  return (
    <Panel title="Countries">
      <div className="case-map">
        <Suspense fallback={<Skeleton />}>
          <WorldMap
            sales={countries}
            currency={currency}
            words={words}
            label={`Map of where the payments come from: ${countries.map(({ name }) => name).join(", ")}.`}
          />
        </Suspense>
      </div>
      <ul className="case-countries">
        {countries.map(({ name, net, orders }) => (
          <li key={name}>
            <span>{name}</span>
            <span className="muted">
              {orders} {orders === 1 ? "payment" : "payments"}, {formatMoney(net, currency)}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function countriesOf({ payments }: WholeCase): readonly CountrySales[] {
  const found = new Map<string, { code: string | undefined; amount: number; count: number }>();
  for (const { country, amount } of payments) {
    if (country === undefined) continue;
    const code = resolveCountry(country);
    const key = code ?? country;
    const before = found.get(key) ?? { code, amount: 0, count: 0 };
    found.set(key, { code, amount: before.amount + amount, count: before.count + 1 });
  }
  return [...found]
    .map(([key, { code, amount, count }]) => ({
      code,
      name: code === undefined ? key : countryName(code),
      net: amount.toFixed(2) as Amount,
      orders: count,
    }))
    .toSorted((a, b) => b.orders - a.orders || a.name.localeCompare(b.name));
}
