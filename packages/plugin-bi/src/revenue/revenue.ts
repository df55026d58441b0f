import type { Grain, QueryEngine } from "@ecap/sdk";
import { compareMoney } from "@ecap/sdk/commerce";
import type { Answer, Dimension, Period, RevenueBreakdown, RevenueSeries } from "../contract.ts";
import { addUp, buckets, currencies } from "./figures.ts";
import { type Movement, type Movements, queryMovements } from "./movements.ts";

/** Revenue over time. An order whose lines lie in two buckets counts in both, and once in the total. */
export async function revenueSeries(
  engine: QueryEngine,
  request: Period & { readonly grain: Grain },
): Promise<RevenueSeries> {
  const { grain } = request;
  const found = await queryMovements(engine, { ...request, by: { grain } });
  // The total is of the very rows the points are of.
  const whole = await queryMovements(engine, { ...request, by: { all: true } }, found.reads);
  const { answer, movements } = inOneCurrency(found, request);
  const points = buckets(movements)
    .map(({ key, figures }) => ({ start: key ?? "", ...figures }))
    .toSorted((a, b) => a.start.localeCompare(b.start));
  return { ...answer, grain, points, total: addUp(inOneCurrency(whole, request).movements) };
}

const columnOf: Readonly<Record<Dimension, "country" | "channel" | "product_id">> = {
  country: "country",
  channel: "channel",
  product: "product_id",
};

export async function revenueBreakdown(
  engine: QueryEngine,
  request: Period & { readonly by: Dimension; readonly productsOnly?: boolean },
): Promise<RevenueBreakdown> {
  const { by } = request;
  const found = await queryMovements(engine, { ...request, by: { column: columnOf[by] } });
  const { answer, movements } = inOneCurrency(found, request);
  const rows = buckets(movements)
    .map(({ key: value, name, figures }) => ({
      value: value ?? "(none)",
      ...(by === "product" && name !== undefined && { name }),
      ...figures,
    }))
    .toSorted((a, b) => compareMoney(b.net, a.net) || a.value.localeCompare(b.value));
  return { ...answer, by, rows };
}

function inOneCurrency(
  { movements, asOf, versions, behind }: Movements,
  { currency, basis = "refund_date" }: Period,
): { readonly answer: Answer; readonly movements: readonly Movement[] } {
  const all = currencies(movements);
  const chosen = currency ?? all[0];
  const answer = {
    currency: chosen,
    otherCurrencies: all.filter((other) => other !== chosen),
    basis,
    asOf,
    versions,
    ...(behind !== undefined && { behind }),
  };
  return {
    answer,
    movements: movements.filter(
      (movement) => movement.currency === chosen || (movement.currency === null && all.length <= 1),
    ),
  };
}
