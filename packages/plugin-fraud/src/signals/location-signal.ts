import type { GeoDatabases } from "./geo-databases.ts";
import type { Signal } from "./signal.ts";

/** Kinds of networks that hide who is behind them, as the database calls them and as the evidence does. */
const networks = [
  ["is_tor_exit_node", "tor"],
  ["is_anonymous_vpn", "vpn"],
  ["is_residential_proxy", "residential_proxy"],
  ["is_public_proxy", "public_proxy"],
  ["is_hosting_provider", "hosting"],
] as const;

/** Where the payer's address is, whether it hides somebody, and which countries of the payment differ. */
export function locationSignal({ city, anonymous }: GeoDatabases): Signal {
  return {
    numbers: [
      "ip_latitude",
      "ip_longitude",
      "ip_anonymous",
      "ip_billing_mismatch",
      "ip_shipping_mismatch",
      "ip_card_mismatch",
      "billing_shipping_mismatch",
      "payer_shipping_mismatch",
      "card_shipping_mismatch",
    ],
    texts: ["ip.country", "ip.network"],
    read(
      { ip, country: payerCountry, billingCountry, shippingCountry, cardCountry },
      { numbers, texts, missing },
    ) {
      put("billing_shipping_mismatch", differ(billingCountry, shippingCountry));
      put("payer_shipping_mismatch", differ(payerCountry, shippingCountry));
      put("card_shipping_mismatch", differ(cardCountry, shippingCountry));
      if (ip === undefined) {
        missing.push("ip");
        return;
      }
      const country = readCity(ip);
      if (country !== undefined) {
        texts["ip.country"] = country;
        put("ip_billing_mismatch", differ(country, billingCountry));
        put("ip_shipping_mismatch", differ(country, shippingCountry));
        put("ip_card_mismatch", differ(country, cardCountry));
      }
      if (anonymous === undefined) missing.push("ip.network: no database");
      else {
        const found = anonymous(ip);
        numbers["ip_anonymous"] = found?.["is_anonymous"] === true ? 1 : 0;
        const kind = networks.find(([member]) => found?.[member] === true);
        if (kind !== undefined) texts["ip.network"] = kind[1];
      }

      function readCity(address: string): string | undefined {
        if (city === undefined) {
          missing.push("ip.country: no database");
          return undefined;
        }
        const found = city(address);
        const { latitude, longitude } = memberOf(found, "location");
        if (typeof latitude === "number" && typeof longitude === "number") {
          numbers["ip_latitude"] = latitude;
          numbers["ip_longitude"] = longitude;
        }
        const code = memberOf(found, "country")["iso_code"];
        if (typeof code === "string") return code;
        missing.push("ip.country: address not in the database");
        return undefined;
      }

      function put(name: string, value: number | undefined): void {
        if (value !== undefined) numbers[name] = value;
      }
    },
  };
}

function differ(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a.toUpperCase() === b.toUpperCase() ? 0 : 1;
}

function memberOf(
  found: Readonly<Record<string, unknown>> | undefined,
  name: string,
): Readonly<Record<string, unknown>> {
  const value = found?.[name];
  return typeof value === "object" && value !== null ? { ...value } : {};
}
