import { compileRuleSet, factsOf, rulesThatHold, type Subject } from "@ecap/plugin-fraud";
import { memoryMb } from "../processes.ts";
import type { Figure, Report } from "../report.ts";
import { allowed, denied, type Payment, rules } from "./hundred-rules.ts";
import { jsonRules } from "./json-rules.ts";

const rounds = 30;
const roundMs = 100;
const start = Date.UTC(2026, 0, 1);

/** The same hundred rules in the language and as closures written by hand, over the same payments; both must find the same ones to hold. */
export async function rulesBench(): Promise<Report> {
  const payments = Array.from({ length: 1_000 }, (_, i) => payment(i));
  const subjects = payments.map(
    (each): Subject => ({
      ...each,
      features: { ...each.features },
      decidedAt: each.transaction.time,
    }),
  );
  const facts = subjects.map(factsOf);
  const ruleSet = compileRuleSet(
    { name: "bench", rules: rules.map(([when], i) => ({ id: `r${i}`, when, code: "R" })) },
    ["allow", "deny"],
    (name) => ({ has: (value) => (name === "deny" ? denied : allowed).has(value) }),
  );
  const byHand = rules.map(([, holds], i) => ({ id: `r${i}`, holds }));
  const held = (each: Payment) => {
    const found: Array<(typeof byHand)[number]> = [];
    for (const rule of byHand) if (rule.holds(each)) found.push(rule);
    return found;
  };
  payments.forEach((each, i) => {
    const ours = rulesThatHold(ruleSet, facts[i] ?? []).map(({ id }) => id);
    const theirs = held(each).map(({ id }) => id);
    if (ours.join() !== theirs.join())
      throw new Error(
        `payment ${i}: the language says ${ours.join()}, the closures ${theirs.join()}`,
      );
  });
  const askJson = jsonRules();
  const json: number[] = [];
  const hand: number[] = [];
  const language: number[] = [];
  const withFacts: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const one = {
      hand: microseconds(payments, (each) => held(each).length),
      language: microseconds(facts, (each) => rulesThatHold(ruleSet, each).length),
      withFacts: microseconds(subjects, (each) => rulesThatHold(ruleSet, factsOf(each)).length),
      json: await jsonMicroseconds(payments.slice(0, 100), askJson),
    };
    // The first round is for the compiler.
    if (round < 0) continue;
    hand.push(one.hand);
    language.push(one.language);
    withFacts.push(one.withFacts);
    json.push(one.json);
  }
  const figure = (measure: string, ours: readonly number[], target?: Figure["target"]): Figure => ({
    measure,
    unit: "µs a payment",
    better: "lower",
    ours,
    peer: hand,
    ...(target !== undefined && { target }),
  });
  return {
    name: "rules",
    about: `100 rules on 1,000 payments, ${rounds} rounds; peer: the same rules as closures written by hand. No pattern and no similarity among them`,
    figures: [
      figure("the language, facts gathered anew", withFacts, { ratio: 2 }),
      figure("the language, facts at hand", language),
      figure("json-rules-engine", json),
    ],
    memory: { process: memoryMb(process.pid) },
  };
}

let sink = 0;

function microseconds<T>(items: readonly T[], work: (item: T) => number): number {
  let done = 0;
  const begun = performance.now();
  while (performance.now() - begun < roundMs) {
    for (const item of items) sink += work(item);
    done += items.length;
  }
  return ((performance.now() - begun) * 1_000) / done;
}

async function jsonMicroseconds(
  items: readonly Payment[],
  work: (item: Payment) => Promise<number>,
): Promise<number> {
  const begun = performance.now();
  for (const item of items) sink += await work(item);
  return ((performance.now() - begun) * 1_000) / items.length;
}

function known<K extends string>(
  name: K,
  value: string | undefined,
): { readonly [key in K]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in K]: string });
}

/** A payment of a shop, some of them with much behind them, some with parts missing. */
function payment(i: number): Payment {
  const noise = (salt: number, below: number): number =>
    ((i * 7_919 + salt * 104_729) % 1_009) % below;
  const countries = ["DE", "DE", "DE", "US", "BR", "CN", "NG", undefined];
  return {
    transaction: {
      id: `p${i}`,
      time: start + noise(1, 1_000) * 500_000,
      amount: 5 + noise(2, 600),
      currency: noise(3, 10) === 0 ? "USD" : "EUR",
      ...known("customerId", noise(4, 9) === 0 ? undefined : `customer-${noise(5, 400)}`),
      ...known("cardId", `card-${noise(6, 500)}`),
      ...known("deviceId", noise(7, 5) === 0 ? undefined : `device-${noise(8, 300)}`),
      ip: `10.${noise(9, 3)}.4.${noise(10, 250)}`,
      ...known("country", countries[noise(11, 8)]),
      ...known("cardCountry", countries[noise(12, 8)]),
    },
    features: {
      card_count_10m: noise(13, 4),
      card_count_24h: noise(14, 7),
      card_failed_1h: noise(15, 4),
      card_amount_24h: noise(16, 900),
      card_customers_7d: noise(17, 3),
      customer_count_1h: noise(18, 4),
      customer_count_30d: noise(19, 9),
      customer_amount_30d: noise(20, 900),
      customer_countries_2h: noise(21, 3),
      customer_devices_30d: noise(22, 4),
      device_cards_24h: noise(23, 4),
      device_failed_1h: noise(24, 3),
      ip_count_1h: noise(25, 8),
      ip_cards_1h: noise(26, 5),
      amount_to_mean: noise(27, 50) / 10,
      new_customer: noise(28, 2),
      night: noise(29, 2),
      country_mismatch: noise(30, 2),
    },
    ...(noise(31, 10) > 0 && { modelScore: noise(32, 1_000) / 1_000 }),
  };
}
