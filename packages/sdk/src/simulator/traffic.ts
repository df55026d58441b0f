import { recordSpend, recordStock } from "./back-office.ts";
import { createPopulation, type Person } from "./customers.ts";
import { deliver } from "./faults.ts";
import { incidents } from "./frauds.ts";
import { browse, buy, buyAtOnce, type JourneyContext, ordersOfBuyer } from "./journeys.ts";
import { fraudScenarios, type ResolvedOptions } from "./options.ts";
import { Random } from "./random.ts";
import { createSeasons } from "./seasons.ts";
import { createShop, type Source, sources } from "./shop.ts";
import type { SimulatedEvent } from "./simulated-event.ts";
import type { Emit } from "./visit.ts";
import { honestVisit } from "./whereabouts.ts";

const dayMs = 86_400_000;
const newcomerWeights = sources.map(({ weight }) => weight);
const returningWeights = sources.map(({ returningWeight }) => returningWeight);

/** Plays what begins from `begin` up to `end` (epoch milliseconds); what comes of it may be far later. */
export type Traffic = (begin: number, end: number) => void;

export function createTraffic(
  settings: ResolvedOptions,
  add: (event: SimulatedEvent) => void,
): Traffic {
  const { seed, from, ordersPerDay, conversion, journeys, faults, currency, fraud } = settings;
  const shop = createShop(seed, settings.products);
  const seasons = createSeasons(settings);
  const population = createPopulation({ seed, openedAt: settings.openedAt, from, ordersPerDay });
  const faulty = Object.values(faults).some((share) => share > 0);
  const buyers = journeys === "orders" ? 1 : conversion;
  const ordersOfSession = journeys === "orders" ? 1 : conversion * ordersOfBuyer;

  function visitToBrowse({ random }: JourneyContext, at: number) {
    const person = random.chance(0.4) ? population.returning(at, random) : undefined;
    const source = sourceOf(random, person);
    const known = person !== undefined && random.chance(0.7);
    return honestVisit(random, { person: person ?? population.prospect(random), source, known });
  }

  function playBuyer(context: JourneyContext, at: number): void {
    const { random } = context;
    const person = random.chance(population.newcomerShare(at))
      ? undefined
      : population.returning(at, random);
    const source = sourceOf(random, person);
    // Some newcomers order as guests.
    const known = person !== undefined || random.chance(0.85);
    const visit = honestVisit(random, { person: person ?? population.newcomer(at), source, known });
    if (known) population.bought(visit.person);
    if (journeys === "orders") buyAtOnce(context, visit, at);
    else buy(context, visit, at, person === undefined);
  }

  return (begin, end) => {
    // Seeded by its own beginning: a run that starts within a slot repeats no ids of one that played the slot before.
    const random = new Random(seed, "traffic", begin);
    const trouble = new Random(seed, "faults", begin);
    const emit: Emit = (at, payload, label) => {
      const event: SimulatedEvent = label === undefined ? { at, payload } : { at, payload, label };
      if (faulty) for (const delivered of deliver(trouble, faults, event)) add(delivered);
      else add(event);
    };
    const context: JourneyContext = { random, emit, currency, shop, origin: shop.origin };
    const instant = (): number => random.between(begin, end - 1);
    if (settings.catalogue && begin === from) recordStock(context, from);
    if (journeys === "full") recordSpend(context, settings, begin, end);

    const orders = (ordersPerDay * seasons((begin + end) / 2) * (end - begin)) / dayMs;
    for (let left = random.poisson(orders / ordersOfSession); left > 0; left -= 1) {
      const at = instant();
      if (random.chance(buyers)) playBuyer(context, at);
      else browse(context, visitToBrowse(context, at), at);
    }
    for (const scenario of fraudScenarios) {
      for (
        let left = random.poisson((orders * (fraud[scenario] ?? 0)) / 1000);
        left > 0;
        left -= 1
      ) {
        const at = instant();
        const victim = (): Person => population.active(random) ?? population.newcomer(at);
        incidents[scenario]({ ...context, seed, victim }, at);
      }
    }
  };
}

/** Newcomers come by advertisements, customers of their own accord. */
function sourceOf(random: Random, returning: Person | undefined): Source {
  const weights = returning === undefined ? newcomerWeights : returningWeights;
  return sources[random.weighted(weights)] ?? random.pick(sources);
}
