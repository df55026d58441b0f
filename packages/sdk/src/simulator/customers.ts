import {
  addressIn,
  homes,
  type Place,
  placesAbroad,
  placeWeights,
  sharedAddressIn,
} from "./places.ts";
import { hex32, Random } from "./random.ts";

export interface Device {
  readonly id: string;
  readonly type: "desktop" | "mobile" | "tablet";
  readonly userAgent: string;
  /** The visitor's id on this device, before and after they are known. */
  readonly anonymousId: string;
}

export interface Card {
  readonly id: string;
  readonly brand: string;
  /** Where it was issued, which need not be where its owner lives. */
  readonly country: string;
}

/** A person with habits. The same seed and index give the same person, so that nothing need be kept of them. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly home: Place;
  readonly ip: string;
  /** The address of the office, shared with its other people. */
  readonly officeIp: string;
  readonly devices: readonly Device[];
  /** The usual one first. */
  readonly cards: readonly [Card, ...Card[]];
  readonly favourite: number;
  /** Lines in a basket on average. */
  readonly basket: number;
  readonly marketingConsent: boolean;
  /** Sends most of it back, for honest reasons. */
  readonly isReturner: boolean;
}

/** What some people have that others have not, as shares of all. */
const shares = {
  /** An expat: the usual card is of another country. */
  foreignCard: 0.03,
  secondCard: 0.2,
  /** Of second cards: issued elsewhere, as app banks do. */
  secondCardForeign: 0.25,
  returner: 0.025,
  /** Of every second person: lives with the one before, at one address and on one device. */
  household: 0.08,
  /** Of them: also pays with the other's cards. */
  householdCard: 0.4,
} as const;
/** Where banks without branches are. */
const appBanks = ["LT", "IE", "DE", "NL", "GB"];
const officesOfPlace = 12;

/** Share of customers, and their loyalty. */
const habits: ReadonlyArray<readonly [share: number, loyalty: number]> = [
  [52, 0],
  [30, 0.25],
  [14, 0.6],
  [4, 1],
];
const habitShares = habits.map(([share]) => share);
const firstNames = [
  "Anna",
  "Ben",
  "Clara",
  "David",
  "Emma",
  "Felix",
  "Greta",
  "Hugo",
  "Ida",
  "Jonas",
  "Karin",
  "Liam",
  "Mia",
  "Noah",
  "Olga",
  "Paul",
];
const lastNames = [
  "Adler",
  "Bauer",
  "Costa",
  "Dubois",
  "Evans",
  "Fischer",
  "Garcia",
  "Hansen",
  "Ivanov",
  "Jansen",
  "Keller",
  "Lopez",
  "Moreau",
  "Novak",
];
const browsers: Readonly<Record<Device["type"], string>> = {
  desktop:
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
  mobile:
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile Safari/604.1",
  tablet:
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/604.1",
};

export function createPerson(seed: string | number, index: number): Person {
  const person = createSingle(seed, index);
  const random = new Random(seed, "household", index);
  if (index % 2 === 0 || !random.chance(shares.household)) return person;
  const { home, ip, devices, cards } = createSingle(seed, index - 1);
  return {
    ...person,
    home,
    ip,
    devices: [...devices.slice(0, 1), ...person.devices.slice(1)],
    cards: random.chance(shares.householdCard)
      ? cards
      : [{ ...person.cards[0], country: home.country }],
  };
}

function createSingle(seed: string | number, index: number): Person {
  const random = new Random(seed, "person", index);
  const home = homes[random.weighted(placeWeights)] ?? random.pick(homes);
  const name = `${random.pick(firstNames)} ${random.pick(lastNames)}`;
  const id = `c-${String(index + 1).padStart(6, "0")}`;
  return {
    id,
    name,
    email: `${name.toLowerCase().replace(" ", ".")}.${index + 1}@mail.example`,
    home,
    ip: addressIn(home, random),
    officeIp: sharedAddressIn(home, 10 + random.below(officesOfPlace)),
    devices: Array.from({ length: random.chance(0.35) ? 2 : 1 }, () => createDevice(random)),
    cards: cardsOf(random, home),
    favourite: random.below(8),
    basket: 1 + random.exponential(1.1),
    marketingConsent: random.chance(0.7),
    isReturner: random.chance(shares.returner),
  };
}

function cardsOf(random: Random, home: Place): Person["cards"] {
  const usual = createCard(
    random,
    random.chance(shares.foreignCard) ? random.pick(placesAbroad(home)).country : home.country,
  );
  if (!random.chance(shares.secondCard)) return [usual];
  const isForeign = random.chance(shares.secondCardForeign);
  return [usual, createCard(random, isForeign ? random.pick(appBanks) : home.country)];
}

export function createCard(random: Random, country: string): Card {
  return {
    id: `card-${hex32(random.bits())}`,
    brand: random.pick(["visa", "mastercard", "amex"]),
    country,
  };
}

interface Habit {
  /** How readily they buy again: 0 for those who never do. */
  readonly loyalty: number;
  /** Days until they turn away for good. */
  readonly lifetimeDays: number;
}

function habitOf(seed: string | number, index: number): Habit {
  const random = new Random(seed, "habit", index);
  const loyalty = habits[random.weighted(habitShares)]?.[1] ?? 0;
  return { loyalty, lifetimeDays: random.exponential(60 + 300 * loyalty) };
}

export function createDevice(random: Random): Device {
  const type = random.pick(["desktop", "desktop", "mobile", "mobile", "mobile", "tablet"] as const);
  return {
    id: `d-${hex32(random.bits())}${hex32(random.bits())}`,
    type,
    userAgent: browsers[type],
    anonymousId: `a-${hex32(random.bits())}${hex32(random.bits())}`,
  };
}

/** Buyers of late that are remembered. */
const maxActive = 2_000;
/** How many people the simulator tells apart; past it no new ones come. */
const maxPeople = 500_000;

export interface Population {
  /** Someone who never bought before. */
  newcomer(at: number): Person;
  /** Someone who bought before and likes to come again; undefined while there is nobody. */
  returning(at: number, random: Random): Person | undefined;
  /** Someone who may buy one day. */
  prospect(random: Random): Person;
  /** Someone with an account who bought of late; undefined while there is nobody. */
  active(random: Random): Person | undefined;
  /** Notes that someone buys, with their account. */
  bought(person: Person): void;
  /** How likely a buyer at the instant is a newcomer. */
  newcomerShare(at: number): number;
}

/** The customers of a shop that opened at `openedAt`: only newcomers at first, two fifths of the buyers later. */
export function createPopulation(options: {
  readonly seed: string | number;
  readonly openedAt: number;
  readonly from: number;
  readonly ordersPerDay: number;
}): Population {
  const { seed, openedAt, from, ordersPerDay } = options;
  const days = (at: number): number => Math.max(0, at - openedAt) / 86_400_000;
  const before = days(from);
  const known = Math.floor(ordersPerDay * (0.4 * before + 0.6 * 15 * (1 - Math.exp(-before / 15))));
  const acquiredAt = Array.from(
    { length: Math.min(known, maxPeople) },
    (_, index) => openedAt + ((from - openedAt) * index) / known,
  );
  const active: Person[] = [];
  let purchases = 0;
  return {
    active: (random) => (active.length === 0 ? undefined : random.pick(active)),
    bought(person) {
      active[purchases % maxActive] = person;
      purchases += 1;
    },
    newcomerShare: (at) => (acquiredAt.length === 0 ? 1 : 0.4 + 0.6 * Math.exp(-days(at) / 15)),
    newcomer(at) {
      if (acquiredAt.length < maxPeople) acquiredAt.push(at);
      return createPerson(seed, acquiredAt.length - 1);
    },
    returning(at, random) {
      if (acquiredAt.length === 0) return undefined;
      let index = 0;
      for (let tries = 0; tries < 12; tries += 1) {
        index = random.below(acquiredAt.length);
        const { loyalty, lifetimeDays } = habitOf(seed, index);
        const ageDays = (at - (acquiredAt[index] ?? at)) / 86_400_000;
        if (ageDays < lifetimeDays && random.next() < loyalty) break;
      }
      return createPerson(seed, index);
    },
    prospect: (random) => createPerson(seed, acquiredAt.length + random.below(300)),
  };
}
