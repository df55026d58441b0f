import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Api } from "../../src/commands/api.ts";

export const retailFile = fileURLToPath(
  new URL("../../../../../shared/data/online_retail/online_retail.csv.gz", import.meta.url),
);
export const retailMapping = fileURLToPath(
  new URL("../../examples/online-retail.yaml", import.meta.url),
);
/** Why tests on the file cannot run; undefined where they can. */
export const noRetail = existsSync(retailFile) ? undefined : `there is no ${retailFile}`;

/** What is published of the file: net revenue by month, and the customers of December 2010 in each month after it. */
export const published = {
  lines: 541_909,
  net: [
    ["2010-12", "748957.02"],
    ["2011-01", "560000.26"],
    ["2011-02", "498062.65"],
    ["2011-03", "683267.08"],
    ["2011-04", "493207.12"],
    ["2011-05", "723333.51"],
    ["2011-06", "691123.12"],
    ["2011-07", "681300.11"],
    ["2011-08", "682680.51"],
    ["2011-09", "1019687.62"],
    ["2011-10", "1070704.67"],
    ["2011-11", "1461756.25"],
    ["2011-12", "433668.01"],
  ],
  active: [948, 362, 317, 367, 341, 376, 360, 336, 336, 374, 354, 474, 260],
  purchasing: [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235],
} as const;

/** The same numbers as the API gives them. */
export async function measured(api: Api) {
  const revenue = await api.call<{
    readonly currency: string;
    readonly points: ReadonlyArray<{ readonly start: string; readonly net: string }>;
  }>("GET", "/v1/bi/revenue?from=2010-12-01&to=2012-01-01&grain=month");
  const cohortOf = async (metric: string): Promise<readonly number[]> => {
    const { cohorts } = await api.call<{
      readonly cohorts: ReadonlyArray<{
        readonly cohort: string;
        readonly customers: readonly number[];
      }>;
    }>("GET", `/v1/customers/cohorts?grain=month&metric=${metric}`);
    const first = cohorts.find(({ cohort }) => cohort === "2010-12");
    return first?.customers.slice(0, 13) ?? [];
  };
  return {
    currency: revenue.currency,
    net: revenue.points.map(({ start, net }) => [start.slice(0, 7), Number(net).toFixed(2)]),
    active: await cohortOf("active"),
    purchasing: await cohortOf("purchasing"),
  };
}

export const expected = {
  currency: "GBP",
  net: published.net.map((point) => [...point]),
  active: [...published.active],
  purchasing: [...published.purchasing],
};
