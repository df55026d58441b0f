import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
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
  /** Lines with a customer that are not cancelled: what recency, frequency and monetary value are made of. */
  rfm: { customers: 4_339, invoices: 18_536, amount: "8911407.90" },
} as const;

/** The day after the file's last. */
const rfmDay = "2011-12-10";

/** Of one customer, as text: recency in days, frequency, monetary value. */
export type CustomerRfm = Readonly<Record<string, string>>;

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
  const customers = await rfmOf(api);
  return {
    currency: revenue.currency,
    net: revenue.points.map(({ start, net }) => [start.slice(0, 7), Number(net).toFixed(2)]),
    active: await cohortOf("active"),
    purchasing: await cohortOf("purchasing"),
    rfm: {
      customers: customers.length,
      invoices: customers.reduce((sum, { frequency }) => sum + frequency, 0),
      amount: inPounds(customers.reduce((sum, { amount }) => sum + tenThousandths(amount), 0n)),
    },
    rfmByCustomer: Object.fromEntries(
      customers.map(({ customerId, recencyDays, frequency, amount }) => [
        customerId,
        `${recencyDays} ${frequency} ${inPounds(tenThousandths(amount))}`,
      ]),
    ),
  };
}

interface Scored {
  readonly customerId: string;
  readonly recencyDays: number;
  readonly frequency: number;
  readonly amount: string;
}

async function rfmOf(api: Api): Promise<readonly Scored[]> {
  const all: Scored[] = [];
  for (let cursor: string | undefined = "0"; cursor !== undefined; ) {
    const path = `/v1/customers/rfm?at=${rfmDay}T00:00:00Z&limit=1000&cursor=${cursor}`;
    const page: { readonly items: readonly Scored[]; readonly next?: string } = await api.call(
      "GET",
      path,
    );
    all.push(...page.items);
    cursor = page.next;
  }
  return all;
}

/** The same counted from the file by itself, line by line. */
async function countedRfm(): Promise<CustomerRfm> {
  const found = new Map<string, { last: number; orders: Set<string>; amount: bigint }>();
  const [head = [], ...lines] = parseCsv(gunzipSync(await readFile(retailFile)).toString());
  const at = (line: readonly string[], column: string) => line[head.indexOf(column)] ?? "";
  for (const line of lines) {
    const [customer, invoice] = [at(line, "CustomerID"), at(line, "InvoiceNo")];
    if (customer === "" || invoice.startsWith("C")) continue;
    const id = customer.replace(/\.0$/, "");
    const own = found.get(id) ?? { last: 0, orders: new Set<string>(), amount: 0n };
    found.set(id, own);
    own.last = Math.max(own.last, Date.parse(at(line, "InvoiceDate").slice(0, 10)));
    own.orders.add(invoice);
    own.amount += tenThousandths(at(line, "UnitPrice")) * BigInt(at(line, "Quantity"));
  }
  const day = Date.parse(rfmDay);
  return Object.fromEntries(
    [...found].map(([id, { last, orders, amount }]) => [
      id,
      `${(day - last) / 86_400_000} ${orders.size} ${inPounds(amount)}`,
    ]),
  );
}

/** Fields of lines, some of which are in quotes. */
function parseCsv(text: string): string[][] {
  const field = /(?:"((?:[^"]|"")*)"|([^,\n\r]*))(,|\r?\n|$)/y;
  const lines: string[][] = [[]];
  for (let found = field.exec(text); found?.[0]; found = field.exec(text)) {
    const [, quoted, plain = "", end = ""] = found;
    lines.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ",") lines.push([]);
  }
  return lines.filter((line) => line.length > 1);
}

function tenThousandths(amount: string): bigint {
  const [whole = "0", fraction = ""] = amount.split(".");
  return BigInt(whole + fraction.padEnd(4, "0"));
}

/** Rounded half up; no customer's amount is negative. */
function inPounds(units: bigint): string {
  const pence = (units + 50n) / 100n;
  return `${pence / 100n}.${String(pence % 100n).padStart(2, "0")}`;
}

export const expected = {
  rfm: { ...published.rfm },
  rfmByCustomer: noRetail === undefined ? await countedRfm() : {},
  currency: "GBP",
  net: published.net.map((point) => [...point]),
  active: [...published.active],
  purchasing: [...published.purchasing],
};
