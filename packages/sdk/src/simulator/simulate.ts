import { createPopulation } from "./customers.ts";
import { deliver } from "./faults.ts";
import { incidents } from "./frauds.ts";
import { browse, buy, buyAtOnce, type JourneyContext } from "./journeys.ts";
import {
  fraudScenarios,
  type ResolvedOptions,
  resolveOptions,
  type SimulationOptions,
} from "./options.ts";
import { Random } from "./random.ts";
import { createSeasons } from "./seasons.ts";
import { createShop, sources } from "./shop.ts";
import type { SimulatedEvent } from "./simulated-event.ts";
import { amount, createVisit, type Emit, officeCall } from "./visit.ts";

const dayMs = 86_400_000;
/** Sessions that begin in one slot of time, about; slots bound the memory a high rate takes. */
const sessionsPerSlot = 250;

/**
 * A shop's traffic in order of delivery: what its clients and back office send, and the truth about its frauds beside it. Time passes only as the
 * iterator is read. The same options give the same bytes; nothing but them is read, no clock and no other chance.
 */
export function* simulate(options: SimulationOptions): Generator<SimulatedEvent, void, void> {
  const settings = resolveOptions(options);
  const { from, to } = settings;
  const slotMs = slotLength(settings);
  const pending = createAgenda(slotMs);
  const playSlot = createPlayer(settings, (event) => pending.add(event));
  for (let start = Math.floor(from / slotMs) * slotMs; start < to; start += slotMs) {
    playSlot(start, start + slotMs);
    for (const event of pending.take(start)) {
      if (event.at >= from && event.at < to) yield event;
    }
  }
}

/** Plays what begins within a slot of time; what comes of it may be far later. */
function createPlayer(
  settings: ResolvedOptions,
  add: (event: SimulatedEvent) => void,
): (start: number, end: number) => void {
  const { seed, from, to, ordersPerDay, conversion, journeys, faults, currency, fraud } = settings;
  const shop = createShop(seed, settings.products);
  const seasons = createSeasons(settings);
  const population = createPopulation({ seed, openedAt: settings.openedAt, from, ordersPerDay });
  const faulty = Object.values(faults).some((share) => share > 0);
  const newcomerWeights = sources.map(({ weight }) => weight);
  const returningWeights = sources.map(({ returningWeight }) => returningWeight);
  const share = journeys === "orders" ? 1 : conversion;

  return (start, end) => {
    const random = new Random(seed, "slot", start);
    const trouble = new Random(seed, "faults", start);
    const emit: Emit = (at, payload, label) => {
      const event: SimulatedEvent = label === undefined ? { at, payload } : { at, payload, label };
      if (faulty) for (const delivered of deliver(trouble, faults, event)) add(delivered);
      else add(event);
    };
    const context: JourneyContext = { random, emit, currency, shop, origin: shop.origin };
    if (settings.catalogue && start <= from && from < end) stock(context, from);
    const begin = Math.max(start, from);
    const stop = Math.min(end, to);
    if (journeys === "full") spend(context, settings, begin, stop);

    const orders = (ordersPerDay * seasons((begin + stop) / 2) * (stop - begin)) / dayMs;
    for (let sessions = random.poisson(orders / share); sessions > 0; sessions -= 1) {
      const at = random.between(begin, stop - 1);
      if (!random.chance(share)) {
        const known = random.chance(0.4) ? population.returning(at, random) : undefined;
        const source =
          sources[random.weighted(known === undefined ? newcomerWeights : returningWeights)] ??
          random.pick(sources);
        browse(
          context,
          createVisit(random, {
            person: known ?? population.prospect(random),
            source,
            known: known !== undefined && random.chance(0.7),
          }),
          at,
        );
        continue;
      }
      const returning = random.chance(population.newcomerShare(at))
        ? undefined
        : population.returning(at, random);
      const source =
        sources[random.weighted(returning === undefined ? newcomerWeights : returningWeights)] ??
        random.pick(sources);
      // Some newcomers order as guests.
      const known = returning !== undefined || random.chance(0.85);
      const visit = createVisit(random, {
        person: returning ?? population.newcomer(at),
        source,
        known,
      });
      if (journeys === "orders") buyAtOnce(context, visit, at);
      else buy(context, visit, at, returning === undefined);
    }
    for (const scenario of fraudScenarios) {
      for (
        let count = random.poisson((orders * (fraud[scenario] ?? 0)) / 1000);
        count > 0;
        count -= 1
      ) {
        const at = random.between(begin, stop - 1);
        const victim = () => population.returning(at, random) ?? population.newcomer(at);
        incidents[scenario]({ ...context, seed, victim }, at);
      }
    }
  };
}

/** The shop's products and their stock, as the run begins. */
function stock({ random, emit, shop, currency }: JourneyContext, at: number): void {
  for (const product of shop.products) {
    emit(
      at,
      officeCall(random, at, "product.updated", {
        product_id: product.id,
        sku: product.sku,
        name: product.name,
        brand: product.brand,
        category: product.category,
        price: amount(product.priceCents),
        cost: amount(product.costCents),
        currency,
        url: product.url,
        status: "active",
      }),
    );
    emit(
      at,
      officeCall(random, at, "inventory.updated", {
        product_id: product.id,
        quantity: random.between(50, 500),
        location: "main",
      }),
    );
  }
}

/** What campaigns cost on each day that ends within the slot. */
function spend(
  { random, emit, currency }: JourneyContext,
  settings: ResolvedOptions,
  begin: number,
  stop: number,
): void {
  const sessionsPerDay = settings.ordersPerDay / settings.conversion;
  const total = sources.reduce((sum, { weight }) => sum + weight, 0);
  for (let midnight = Math.ceil(begin / dayMs) * dayMs; midnight < stop; midnight += dayMs) {
    if (midnight === settings.from) continue;
    const at = midnight;
    const day = new Date(midnight - dayMs).toISOString().slice(0, 10);
    for (const { campaign, clickCents, weight } of sources) {
      if (campaign === undefined || clickCents === undefined) continue;
      const clicks = random.poisson((sessionsPerDay * weight) / total);
      emit(
        at,
        officeCall(random, at, "campaign.spend_recorded", {
          campaign: campaign.name,
          source: campaign.source,
          medium: campaign.medium,
          amount: amount(clicks * clickCents),
          currency,
          clicks,
          impressions: clicks * random.between(20, 60),
          day,
        }),
      );
    }
  }
}

function slotLength({ ordersPerDay, conversion, journeys }: ResolvedOptions): number {
  const sessionsPerMs = ordersPerDay / (journeys === "orders" ? 1 : conversion) / dayMs;
  const wanted = sessionsPerSlot / sessionsPerMs;
  const lengths = [3_600_000, 600_000, 60_000, 10_000, 1000, 100, 10];
  return lengths.find((length) => length <= wanted) ?? 10;
}

interface Agenda {
  add(event: SimulatedEvent): void;
  /** The events of the slot, by time and, at one instant, as they were added. */
  take(start: number): readonly SimulatedEvent[];
}

/** What is still to be delivered, by the slot it falls in: adding is constant, and only one slot at a time is sorted. */
function createAgenda(slotMs: number): Agenda {
  const slots = new Map<number, SimulatedEvent[]>();
  return {
    add(event) {
      const start = Math.floor(event.at / slotMs) * slotMs;
      const events = slots.get(start);
      if (events === undefined) slots.set(start, [event]);
      else events.push(event);
    },
    take(start) {
      const events = slots.get(start) ?? [];
      slots.delete(start);
      return events.toSorted((a, b) => a.at - b.at);
    },
  };
}
