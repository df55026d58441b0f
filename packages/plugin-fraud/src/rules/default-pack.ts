import type { RuleSetDocument } from "./rule-set.ts";

/** Lists every tenant has. */
export const standardLists = ["allow", "deny"] as const;

const anyOf = (list: string): string =>
  ["customer.id", "card.id", "device.id", "ip.address"]
    .map((field) => `${field} in lists.${list}`)
    .join(" or ");

/** The rules every shop begins with: version 0 of every tenant. `modelPoints` is what a certain fraud by the model adds. */
export function defaultPack(modelPoints: number): RuleSetDocument {
  return {
    name: "default",
    description: "The patterns every shop meets",
    rules: [
      {
        id: "denied",
        description: "Customer, card, device or address is on the list deny",
        when: anyOf("deny"),
        code: "DENY_LIST",
        outcome: "decline",
        priority: 200,
      },
      {
        id: "allowed",
        description: "Customer or card is on the list allow",
        when: "customer.id in lists.allow or card.id in lists.allow",
        code: "ALLOW_LIST",
        outcome: "approve",
        priority: 100,
      },
      {
        id: "card-velocity",
        description: "More than somebody who forgot something, or buys what is sold one an order",
        when: "card.count_10m >= 6 or card.count_24h >= 4 and card.devices_24h >= 2",
        points: 45,
        code: "CARD_VELOCITY",
        detail:
          "{card.count_10m} payments with this card in ten minutes, {card.count_24h} in a day from {default(card.devices_24h, 0)} devices",
      },
      {
        id: "card-testing",
        when: "card.failed_1h >= 3 or device.failed_1h >= 3 or device.failed_1h >= 2 and device.cards_24h >= 3",
        points: 60,
        code: "CARD_TESTING",
        detail:
          "{max(default(card.failed_1h, 0), default(device.failed_1h, 0))} refused payments in an hour",
      },
      {
        id: "many-cards-on-device",
        when: "device.cards_24h >= 4 or ip.cards_1h >= 6",
        points: 40,
        code: "MANY_CARDS_ON_DEVICE",
        detail:
          "{max(default(device.cards_24h, 0), default(ip.cards_1h, 0))} cards from one device or address",
      },
      {
        id: "card-shared",
        when: "card.customers_7d >= 3",
        points: 35,
        code: "CARD_SHARED",
        detail: "{card.customers_7d} customers with one card in seven days",
      },
      {
        id: "impossible-travel",
        when: "customer.countries_2h >= 2",
        points: 35,
        code: "IMPOSSIBLE_TRAVEL",
        detail: "{customer.countries_2h} countries in two hours",
      },
      {
        id: "fast-travel",
        description:
          "The address is farther from the customer's last than anybody travels; needs a GeoIP database",
        when: "travel_kmh >= 1000",
        points: 50,
        code: "FAST_TRAVEL",
        detail: "{round(travel_km)} km from the last payment at {round(travel_kmh)} km/h",
      },
      {
        id: "account-takeover",
        description:
          "A known customer from a new device in a new country, who pays more than usual",
        when: "new_device == 1 and new_country == 1 and amount_to_mean >= 2",
        points: 25,
        code: "ACCOUNT_TAKEOVER",
        detail:
          "a new device in {payment.country}, and {fixed(amount_to_mean, 1)} times this customer's usual amount",
      },
      {
        id: "repeated-claims",
        description: "Of at least every other payment the customer says that nothing came",
        when: "customer.claims_90d >= 2 and customer.claims_90d * 2 >= default(customer.paid_90d, 0)",
        points: 50,
        code: "REPEATED_CLAIMS",
        detail: "{customer.claims_90d} parcels that never came, by this customer in 90 days",
      },
      {
        id: "hidden-payer",
        description: "Behind an anonymous network, with a mailbox to throw away",
        when: "ip_anonymous == 1 and email_disposable == 1",
        points: 30,
        code: "HIDDEN_PAYER",
        detail: "a disposable mailbox of {email.domain} and an anonymous network",
      },
      {
        id: "guessed-cards",
        when: "bin.cards_10m >= 10 and bin.failed_1h >= 5",
        points: 50,
        code: "GUESSED_CARDS",
        detail:
          "{bin.cards_10m} cards of one issuer in ten minutes, {bin.failed_1h} refused in an hour",
      },
      {
        id: "unusual-amount",
        when: "customer.count_30d >= 3 and amount_to_mean >= 5",
        points: 10,
        code: "UNUSUAL_AMOUNT",
        detail: "{fixed(amount_to_mean, 1)} times this customer's usual amount",
      },
      {
        id: "country-mismatch",
        description: "So do travellers and expats: little by itself",
        when: "country_mismatch == 1",
        points: 5,
        code: "COUNTRY_MISMATCH",
        detail: "paid from {payment.country} with a card of {card.country}",
      },
      {
        id: "customer-velocity",
        when: "customer.count_1h >= 6",
        points: 35,
        code: "CUSTOMER_VELOCITY",
        detail: "{customer.count_1h} payments by this customer in an hour",
      },
      {
        id: "model-score",
        description:
          "Most payments have a probability near none; each halving of it takes as many points",
        when: "model.score >= 0.01",
        points: `max(0, round(${modelPoints} + 12 * log(model.score)))`,
        code: "MODEL_SCORE",
        detail: "the model gives fraud a probability of {fixed(model.score * 100, 0)} %",
      },
    ],
  };
}
