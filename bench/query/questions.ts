import { bi, type Dimension } from "@ecap/plugin-bi";
import { customer } from "@ecap/plugin-customer";
import type { Grain, Platform } from "@ecap/sdk";
import { days, firstDay, tenant } from "./order-lines.ts";

/** A question of a dashboard, as the plugin answers it. */
export interface Question {
  readonly name: string;
  ask(platform: Platform): Promise<unknown>;
}

const dayMs = 86_400_000;
const end = firstDay + days * dayMs;
const last = (count: number) => ({ tenant, from: end - count * dayMs, to: end });

const revenue = (grain: Grain, count: number): Question => ({
  name: `bi revenue by ${grain}, ${count} days`,
  ask: (platform) => platform.service(bi).revenue({ ...last(count), grain }),
});
const breakdown = (by: Dimension, count: number): Question => ({
  name: `bi revenue by ${by}, ${count} days`,
  ask: (platform) => platform.service(bi).breakdown({ ...last(count), by }),
});
const products = (count: number): Question => ({
  name: `bi top products, ${count} days`,
  ask: (platform) => platform.service(bi).topProducts(last(count)),
});
const rfm = (name: string, at: number, bins: number): Question => ({
  name: `customer RFM, ${name}`,
  ask: (platform) => platform.service(customer).rfm({ tenant, at, bins }),
});
const cohorts = (metric: "active" | "purchasing"): Question => ({
  name: `customer cohorts, ${metric}`,
  ask: (platform) => platform.service(customer).cohorts({ tenant, metric }),
});

/** Twenty questions over a year of orders. */
export const questions: readonly Question[] = [
  revenue("hour", 2),
  revenue("hour", 7),
  revenue("day", 7),
  revenue("day", 30),
  revenue("day", 365),
  revenue("week", 365),
  revenue("month", 365),
  breakdown("country", 7),
  breakdown("country", 30),
  breakdown("country", 365),
  breakdown("channel", 30),
  breakdown("channel", 365),
  breakdown("product", 30),
  breakdown("product", 365),
  products(30),
  products(365),
  rfm("at the end of the year", end - dayMs, 5),
  rfm("at its middle, in ten bins", firstDay + 181 * dayMs, 10),
  cohorts("active"),
  cohorts("purchasing"),
];
