import type { Transaction } from "@ecap/plugin-fraud";

/** Velocity as a program that was written for it would hold it. */
export interface Features {
  readonly amount_to_mean: number;
  readonly card_amount_24h: number;
  readonly card_count_10m: number;
  readonly card_count_24h: number;
  readonly card_customers_7d: number;
  readonly card_failed_1h: number;
  readonly country_mismatch: number;
  readonly customer_amount_30d: number;
  readonly customer_count_1h: number;
  readonly customer_count_30d: number;
  readonly customer_countries_2h: number;
  readonly customer_devices_30d: number;
  readonly device_cards_24h: number;
  readonly device_failed_1h: number;
  readonly ip_cards_1h: number;
  readonly ip_count_1h: number;
  readonly new_customer: number;
  readonly night: number;
}

export interface Payment {
  readonly transaction: Transaction & { readonly time: number };
  readonly features: Features;
  readonly modelScore?: number | undefined;
}

export const denied: ReadonlySet<string> = new Set(["customer-13", "card-77", "device-5"]);
export const allowed: ReadonlySet<string> = new Set(["card-1", "card-2"]);
const countries0 = new Set(["US", "GB", "FR"]);
const countries1 = new Set(["BR", "MX", "AR", "CL"]);
const countries2 = new Set(["NG", "GH"]);
const countries3 = new Set(["RU", "UA", "BY"]);
const countries4 = new Set(["IN", "PK", "BD"]);
const countries5 = new Set(["CN", "HK", "TW"]);
const countries6 = new Set(["ZA", "KE"]);
const countries7 = new Set(["VN", "TH", "PH", "ID"]);
const firstDay = Date.UTC(2026, 0, 2);
const smallHours = new Set([2, 3]);

/** A hundred rules, each in the language and as the closure somebody would write by hand. */
export const rules: ReadonlyArray<readonly [when: string, holds: (payment: Payment) => boolean]> = [
  ["card.count_10m >= 3", ({ features: f }) => f.card_count_10m >= 3],
  ["card.count_24h >= 3", ({ features: f }) => f.card_count_24h >= 3],
  ["card.failed_1h >= 3", ({ features: f }) => f.card_failed_1h >= 3],
  ["card.amount_24h >= 400", ({ features: f }) => f.card_amount_24h >= 400],
  ["card.customers_7d >= 3", ({ features: f }) => f.card_customers_7d >= 3],
  ["customer.count_1h >= 3", ({ features: f }) => f.customer_count_1h >= 3],
  ["customer.count_30d >= 3", ({ features: f }) => f.customer_count_30d >= 3],
  ["customer.amount_30d >= 1500", ({ features: f }) => f.customer_amount_30d >= 1500],
  ["customer.countries_2h >= 3", ({ features: f }) => f.customer_countries_2h >= 3],
  ["customer.devices_30d >= 3", ({ features: f }) => f.customer_devices_30d >= 3],
  ["device.cards_24h >= 3", ({ features: f }) => f.device_cards_24h >= 3],
  ["device.failed_1h >= 3", ({ features: f }) => f.device_failed_1h >= 3],
  ["ip.count_1h >= 3", ({ features: f }) => f.ip_count_1h >= 3],
  ["ip.cards_1h >= 3", ({ features: f }) => f.ip_cards_1h >= 3],
  ["amount_to_mean >= 4", ({ features: f }) => f.amount_to_mean >= 4],
  ["card.count_10m >= 6", ({ features: f }) => f.card_count_10m >= 6],
  ["card.count_24h >= 6", ({ features: f }) => f.card_count_24h >= 6],
  ["card.failed_1h >= 6", ({ features: f }) => f.card_failed_1h >= 6],
  ["card.amount_24h >= 900", ({ features: f }) => f.card_amount_24h >= 900],
  ["card.customers_7d >= 6", ({ features: f }) => f.card_customers_7d >= 6],
  [
    "card.count_10m >= 3 and card.count_24h > 6",
    ({ features: f }) => f.card_count_10m >= 3 && f.card_count_24h > 6,
  ],
  [
    "card.count_24h >= 3 and customer.count_1h > 6",
    ({ features: f }) => f.card_count_24h >= 3 && f.customer_count_1h > 6,
  ],
  [
    "card.failed_1h >= 3 and customer.devices_30d > 6",
    ({ features: f }) => f.card_failed_1h >= 3 && f.customer_devices_30d > 6,
  ],
  [
    "card.amount_24h >= 400 and ip.cards_1h > 6",
    ({ features: f }) => f.card_amount_24h >= 400 && f.ip_cards_1h > 6,
  ],
  [
    "card.customers_7d >= 3 and card.failed_1h > 6",
    ({ features: f }) => f.card_customers_7d >= 3 && f.card_failed_1h > 6,
  ],
  [
    "customer.count_1h >= 3 and customer.count_30d > 6",
    ({ features: f }) => f.customer_count_1h >= 3 && f.customer_count_30d > 6,
  ],
  [
    "customer.count_30d >= 3 and device.cards_24h > 6",
    ({ features: f }) => f.customer_count_30d >= 3 && f.device_cards_24h > 6,
  ],
  [
    "customer.amount_30d >= 1500 and amount_to_mean > 8",
    ({ features: f }) => f.customer_amount_30d >= 1500 && f.amount_to_mean > 8,
  ],
  [
    "customer.countries_2h >= 3 and card.amount_24h > 900",
    ({ features: f }) => f.customer_countries_2h >= 3 && f.card_amount_24h > 900,
  ],
  [
    "customer.devices_30d >= 3 and customer.amount_30d > 4000",
    ({ features: f }) => f.customer_devices_30d >= 3 && f.customer_amount_30d > 4000,
  ],
  [
    "device.cards_24h >= 3 and device.failed_1h > 6",
    ({ features: f }) => f.device_cards_24h >= 3 && f.device_failed_1h > 6,
  ],
  [
    "device.failed_1h >= 3 and card.count_10m > 6",
    ({ features: f }) => f.device_failed_1h >= 3 && f.card_count_10m > 6,
  ],
  [
    "ip.count_1h >= 3 and card.customers_7d > 6",
    ({ features: f }) => f.ip_count_1h >= 3 && f.card_customers_7d > 6,
  ],
  [
    "ip.cards_1h >= 3 and customer.countries_2h > 6",
    ({ features: f }) => f.ip_cards_1h >= 3 && f.customer_countries_2h > 6,
  ],
  [
    "amount_to_mean >= 4 and ip.count_1h > 6",
    ({ features: f }) => f.amount_to_mean >= 4 && f.ip_count_1h > 6,
  ],
  [
    "card.count_10m >= 3 and card.count_24h > 6",
    ({ features: f }) => f.card_count_10m >= 3 && f.card_count_24h > 6,
  ],
  [
    "card.count_24h >= 3 and customer.count_1h > 6",
    ({ features: f }) => f.card_count_24h >= 3 && f.customer_count_1h > 6,
  ],
  [
    "card.failed_1h >= 3 and customer.devices_30d > 6",
    ({ features: f }) => f.card_failed_1h >= 3 && f.customer_devices_30d > 6,
  ],
  [
    "card.amount_24h >= 400 and ip.cards_1h > 6",
    ({ features: f }) => f.card_amount_24h >= 400 && f.ip_cards_1h > 6,
  ],
  [
    "card.customers_7d >= 3 and card.failed_1h > 6",
    ({ features: f }) => f.card_customers_7d >= 3 && f.card_failed_1h > 6,
  ],
  [
    "card.count_10m >= 6 or customer.amount_30d >= 1500",
    ({ features: f }) => f.card_count_10m >= 6 || f.customer_amount_30d >= 1500,
  ],
  [
    "card.count_24h >= 6 or customer.countries_2h >= 9",
    ({ features: f }) => f.card_count_24h >= 6 || f.customer_countries_2h >= 9,
  ],
  [
    "card.failed_1h >= 6 or customer.devices_30d >= 9",
    ({ features: f }) => f.card_failed_1h >= 6 || f.customer_devices_30d >= 9,
  ],
  [
    "card.amount_24h >= 900 or device.cards_24h >= 9",
    ({ features: f }) => f.card_amount_24h >= 900 || f.device_cards_24h >= 9,
  ],
  [
    "card.customers_7d >= 6 or device.failed_1h >= 9",
    ({ features: f }) => f.card_customers_7d >= 6 || f.device_failed_1h >= 9,
  ],
  [
    "customer.count_1h >= 6 or ip.count_1h >= 9",
    ({ features: f }) => f.customer_count_1h >= 6 || f.ip_count_1h >= 9,
  ],
  [
    "customer.count_30d >= 6 or ip.cards_1h >= 9",
    ({ features: f }) => f.customer_count_30d >= 6 || f.ip_cards_1h >= 9,
  ],
  [
    "customer.amount_30d >= 4000 or amount_to_mean >= 4",
    ({ features: f }) => f.customer_amount_30d >= 4000 || f.amount_to_mean >= 4,
  ],
  [
    "customer.countries_2h >= 6 or card.count_10m >= 9",
    ({ features: f }) => f.customer_countries_2h >= 6 || f.card_count_10m >= 9,
  ],
  [
    "customer.devices_30d >= 6 or card.count_24h >= 9",
    ({ features: f }) => f.customer_devices_30d >= 6 || f.card_count_24h >= 9,
  ],
  [
    "payment.amount > 50 and card.amount_24h >= 400 and customer.devices_30d < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 50 && f.card_amount_24h >= 400 && f.customer_devices_30d < 6,
  ],
  [
    "payment.amount > 75 and card.customers_7d >= 3 and device.cards_24h < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 75 && f.card_customers_7d >= 3 && f.device_cards_24h < 6,
  ],
  [
    "payment.amount > 100 and customer.count_1h >= 3 and device.failed_1h < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 100 && f.customer_count_1h >= 3 && f.device_failed_1h < 6,
  ],
  [
    "payment.amount > 125 and customer.count_30d >= 3 and ip.count_1h < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 125 && f.customer_count_30d >= 3 && f.ip_count_1h < 6,
  ],
  [
    "payment.amount > 150 and customer.amount_30d >= 1500 and ip.cards_1h < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 150 && f.customer_amount_30d >= 1500 && f.ip_cards_1h < 6,
  ],
  [
    "payment.amount > 175 and customer.countries_2h >= 3 and amount_to_mean < 8",
    ({ features: f, transaction: t }) =>
      t.amount > 175 && f.customer_countries_2h >= 3 && f.amount_to_mean < 8,
  ],
  [
    "payment.amount > 200 and customer.devices_30d >= 3 and card.count_10m < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 200 && f.customer_devices_30d >= 3 && f.card_count_10m < 6,
  ],
  [
    "payment.amount > 225 and device.cards_24h >= 3 and card.count_24h < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 225 && f.device_cards_24h >= 3 && f.card_count_24h < 6,
  ],
  [
    "payment.amount > 250 and device.failed_1h >= 3 and card.failed_1h < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 250 && f.device_failed_1h >= 3 && f.card_failed_1h < 6,
  ],
  [
    "payment.amount > 275 and ip.count_1h >= 3 and card.amount_24h < 900",
    ({ features: f, transaction: t }) =>
      t.amount > 275 && f.ip_count_1h >= 3 && f.card_amount_24h < 900,
  ],
  [
    "payment.amount > 300 and ip.cards_1h >= 3 and card.customers_7d < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 300 && f.ip_cards_1h >= 3 && f.card_customers_7d < 6,
  ],
  [
    "payment.amount > 325 and amount_to_mean >= 4 and customer.count_1h < 6",
    ({ features: f, transaction: t }) =>
      t.amount > 325 && f.amount_to_mean >= 4 && f.customer_count_1h < 6,
  ],
  [
    "(card.count_10m >= 3 or customer.count_1h >= 3) and night == 1 and payment.amount > 80",
    ({ features: f, transaction: t }) =>
      (f.card_count_10m >= 3 || f.customer_count_1h >= 3) && f.night === 1 && t.amount > 80,
  ],
  [
    "(card.count_24h >= 3 or customer.count_30d >= 3) and new_customer == 1 and payment.amount > 80",
    ({ features: f, transaction: t }) =>
      (f.card_count_24h >= 3 || f.customer_count_30d >= 3) && f.new_customer === 1 && t.amount > 80,
  ],
  [
    "(card.failed_1h >= 3 or customer.amount_30d >= 1500) and night == 1 and payment.amount > 80",
    ({ features: f, transaction: t }) =>
      (f.card_failed_1h >= 3 || f.customer_amount_30d >= 1500) && f.night === 1 && t.amount > 80,
  ],
  [
    "(card.amount_24h >= 400 or customer.countries_2h >= 3) and new_customer == 1 and payment.amount > 80",
    ({ features: f, transaction: t }) =>
      (f.card_amount_24h >= 400 || f.customer_countries_2h >= 3) &&
      f.new_customer === 1 &&
      t.amount > 80,
  ],
  [
    "(card.customers_7d >= 3 or customer.devices_30d >= 3) and night == 1 and payment.amount > 80",
    ({ features: f, transaction: t }) =>
      (f.card_customers_7d >= 3 || f.customer_devices_30d >= 3) && f.night === 1 && t.amount > 80,
  ],
  [
    "(customer.count_1h >= 3 or device.cards_24h >= 3) and new_customer == 1 and payment.amount > 80",
    ({ features: f, transaction: t }) =>
      (f.customer_count_1h >= 3 || f.device_cards_24h >= 3) &&
      f.new_customer === 1 &&
      t.amount > 80,
  ],
  [
    'payment.country in ["US", "GB", "FR"] and payment.amount > 100',
    ({ transaction: t }) => t.country !== undefined && countries0.has(t.country) && t.amount > 100,
  ],
  [
    'payment.country in ["BR", "MX", "AR", "CL"] and payment.amount > 120',
    ({ transaction: t }) => t.country !== undefined && countries1.has(t.country) && t.amount > 120,
  ],
  [
    'payment.country in ["NG", "GH"] and payment.amount > 140',
    ({ transaction: t }) => t.country !== undefined && countries2.has(t.country) && t.amount > 140,
  ],
  [
    'payment.country in ["RU", "UA", "BY"] and payment.amount > 160',
    ({ transaction: t }) => t.country !== undefined && countries3.has(t.country) && t.amount > 160,
  ],
  [
    'payment.country in ["IN", "PK", "BD"] and payment.amount > 180',
    ({ transaction: t }) => t.country !== undefined && countries4.has(t.country) && t.amount > 180,
  ],
  [
    'payment.country in ["CN", "HK", "TW"] and payment.amount > 200',
    ({ transaction: t }) => t.country !== undefined && countries5.has(t.country) && t.amount > 200,
  ],
  [
    'payment.country in ["ZA", "KE"] and payment.amount > 220',
    ({ transaction: t }) => t.country !== undefined && countries6.has(t.country) && t.amount > 220,
  ],
  [
    'payment.country in ["VN", "TH", "PH", "ID"] and payment.amount > 240',
    ({ transaction: t }) => t.country !== undefined && countries7.has(t.country) && t.amount > 240,
  ],
  [
    "payment.country != card.country and payment.amount > 200",
    ({ transaction: t }) =>
      t.country !== undefined &&
      t.cardCountry !== undefined &&
      t.country !== t.cardCountry &&
      t.amount > 200,
  ],
  [
    "payment.country == card.country and model.score > 0.9",
    ({ transaction: t, modelScore: score }) =>
      t.country !== undefined && t.country === t.cardCountry && score !== undefined && score > 0.9,
  ],
  [
    'payment.currency != "EUR" and card.country == "DE"',
    ({ transaction: t }) =>
      t.currency !== undefined && t.currency !== "EUR" && t.cardCountry === "DE",
  ],
  [
    "not known(device.id) and payment.amount > 300",
    ({ transaction: t }) => t.deviceId === undefined && t.amount > 300,
  ],
  ['ip.address starts with "10.0."', ({ transaction: t }) => t.ip?.startsWith("10.0.") === true],
  [
    'customer.id starts with "guest-" and payment.amount > 150',
    ({ transaction: t }) => t.customerId?.startsWith("guest-") === true && t.amount > 150,
  ],
  [
    'device.id contains "emulator"',
    ({ transaction: t }) => t.deviceId?.includes("emulator") === true,
  ],
  [
    'lower(customer.id) ends with "-test"',
    ({ transaction: t }) => t.customerId?.toLowerCase().endsWith("-test") === true,
  ],
  [
    "length(customer.id) > 24",
    ({ transaction: t }) => t.customerId !== undefined && t.customerId.length > 24,
  ],
  [
    "hour(payment.time) < 5 and payment.amount > 250",
    ({ transaction: t }) => new Date(t.time).getUTCHours() < 5 && t.amount > 250,
  ],
  [
    "weekday(payment.time) >= 6 and card.count_24h >= 5",
    ({ features: f, transaction: t }) =>
      (new Date(t.time).getUTCDay() || 7) >= 6 && f.card_count_24h >= 5,
  ],
  [
    "hour(payment.time) >= 22 and new_customer == 1",
    ({ features: f, transaction: t }) =>
      new Date(t.time).getUTCHours() >= 22 && f.new_customer === 1,
  ],
  [
    'payment.time < time("2026-01-02") and payment.amount > 400',
    ({ transaction: t }) => t.time < firstDay && t.amount > 400,
  ],
  [
    "night == 1 and hour(payment.time) in [2, 3]",
    ({ features: f, transaction: t }) =>
      f.night === 1 && smallHours.has(new Date(t.time).getUTCHours()),
  ],
  [
    "payment.amount > 3 * customer.amount_30d / customer.count_30d",
    ({ features: f, transaction: t }) =>
      f.customer_count_30d !== 0 && t.amount > (3 * f.customer_amount_30d) / f.customer_count_30d,
  ],
  [
    "card.failed_1h / card.count_24h > 0.5",
    ({ features: f }) => f.card_count_24h !== 0 && f.card_failed_1h / f.card_count_24h > 0.5,
  ],
  [
    "card.amount_24h - payment.amount > 1000",
    ({ features: f, transaction: t }) => f.card_amount_24h - t.amount > 1000,
  ],
  [
    "max(card.failed_1h, device.failed_1h) >= 3",
    ({ features: f }) => Math.max(f.card_failed_1h, f.device_failed_1h) >= 3,
  ],
  [
    "payment.amount % 100 == 0 and payment.amount >= 500",
    ({ transaction: t }) => t.amount % 100 === 0 && t.amount >= 500,
  ],
  [
    "customer.id in lists.deny or card.id in lists.deny",
    ({ transaction: t }) =>
      (t.customerId !== undefined && denied.has(t.customerId)) ||
      (t.cardId !== undefined && denied.has(t.cardId)),
  ],
  [
    "card.id not in lists.allow and payment.amount > 450",
    ({ transaction: t }) => t.cardId !== undefined && !allowed.has(t.cardId) && t.amount > 450,
  ],
  [
    "device.id in lists.deny",
    ({ transaction: t }) => t.deviceId !== undefined && denied.has(t.deviceId),
  ],
  ["model.score >= 0.8", ({ modelScore: score }) => score !== undefined && score >= 0.8],
  [
    "model.score >= 0.4 and (country_mismatch == 1 or new_customer == 1)",
    ({ features: f, modelScore: score }) =>
      score !== undefined && score >= 0.4 && (f.country_mismatch === 1 || f.new_customer === 1),
  ],
];
