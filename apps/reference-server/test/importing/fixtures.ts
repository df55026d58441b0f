import { defaultConfig } from "../../src/config/default-config.ts";
import type { Settings } from "../../src/config/load-config.ts";
import { type Mapping, parseMapping } from "../../src/importing/mapping.ts";

export const header = "invoice,time,sku,name,qty,price,customer,country";

/** Orders, whose lines do not stand together, refunds, a postage, a write-off and stock that was lost; two lines are exactly equal. */
export const lines = (prefix: string): readonly string[] => [
  `${prefix}1,2026-01-05 10:00:00,A,Lamp,2,10.50,17.0,France`,
  `${prefix}2,2026-01-05 11:00:00,B,"Chair, red",1,99.99,,EIRE`,
  `${prefix}1,2026-01-05 10:00:00,POST,Postage,1,4.00,17.0,France`,
  `${prefix}3,2026-02-01 09:00:00,A,Lamp,1,10.50,18.0,France`,
  `${prefix}1,2026-01-05 10:00:00,C,"Table ""oak""",1,0.01,17.0,France`,
  `C${prefix}1,2026-02-03 09:00:00,A,Lamp,-1,10.50,17.0,France`,
  `A${prefix}1,2026-02-04 09:00:00,B,Bad debt,1,-100.10,,France`,
  `${prefix}9,2026-02-05 09:00:00,D,lost,-7,0.0,,France`,
  `${prefix}3,2026-02-01 09:00:00,A,Lamp,1,10.50,18.0,France`,
];

export function mapping(name: string, more = ""): Mapping {
  const text = `
name: ${name}
currency: EUR
group: invoice
time: time
line: { product_id: sku, name: name, quantity: qty, price: price }
customer: { column: customer, remove: \\.0$ }
country: { column: country, as: { EIRE: Ireland } }
kinds:
  - { kind: adjustment, reason: bad debt, when: { invoice: ^A } }
  - { kind: refund, when: { invoice: ^C } }
  - { kind: stock_adjustment, when: { qty: ^-, price: ^0 } }
charges: { sku: ^POST$ }
${more}`;
  return parseMapping(text, `${name}.yaml`);
}

export const csv = (rows: readonly string[]): string => [header, ...rows, ""].join("\n");

export const noProgress = (): void => {};

export const settings = (dir: string): Settings => ({
  config: defaultConfig,
  dir,
  host: "127.0.0.1",
  port: 0,
  tenant: "default",
});
