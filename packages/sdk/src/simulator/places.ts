import type { Random } from "./random.ts";

/** Where people are: a city and the first two numbers of its addresses. */
export interface Place {
  readonly continent: string;
  readonly country: string;
  readonly city: string;
  /** As Segment's context has it. */
  readonly location: {
    readonly country: string;
    readonly region: string;
    readonly city: string;
    readonly latitude: number;
    readonly longitude: number;
  };
  readonly network: string;
  readonly locale: string;
}

const rows: ReadonlyArray<
  readonly [
    weight: number,
    continent: string,
    country: string,
    region: string,
    city: string,
    latitude: number,
    longitude: number,
    network: string,
    locale: string,
  ]
> = [
  [14, "EU", "DE", "Berlin", "Berlin", 52.52, 13.41, "91.64", "de-DE"],
  [8, "EU", "DE", "Bavaria", "Munich", 48.14, 11.58, "84.56", "de-DE"],
  [6, "EU", "DE", "Hamburg", "Hamburg", 53.55, 9.99, "80.171", "de-DE"],
  [12, "EU", "FR", "Île-de-France", "Paris", 48.86, 2.35, "90.63", "fr-FR"],
  [5, "EU", "FR", "Rhône", "Lyon", 45.76, 4.84, "82.64", "fr-FR"],
  [11, "EU", "GB", "England", "London", 51.51, -0.13, "81.2", "en-GB"],
  [5, "EU", "GB", "England", "Manchester", 53.48, -2.24, "86.9", "en-GB"],
  [7, "EU", "NL", "North Holland", "Amsterdam", 52.37, 4.9, "77.160", "nl-NL"],
  [6, "EU", "ES", "Madrid", "Madrid", 40.42, -3.7, "83.32", "es-ES"],
  [5, "EU", "IT", "Lombardy", "Milan", 45.46, 9.19, "79.10", "it-IT"],
  [4, "EU", "AT", "Vienna", "Vienna", 48.21, 16.37, "62.178", "de-AT"],
  [3, "EU", "SE", "Stockholm", "Stockholm", 59.33, 18.07, "78.66", "sv-SE"],
  [3, "EU", "PL", "Masovia", "Warsaw", 52.23, 21.01, "83.6", "pl-PL"],
  [3, "EU", "IE", "Leinster", "Dublin", 53.35, -6.26, "86.40", "en-IE"],
  [6, "NA", "US", "New York", "New York", 40.71, -74.01, "72.229", "en-US"],
  [4, "NA", "US", "California", "San Francisco", 37.77, -122.42, "73.92", "en-US"],
  [2, "NA", "CA", "Ontario", "Toronto", 43.65, -79.38, "99.224", "en-CA"],
  [2, "OC", "AU", "New South Wales", "Sydney", -33.87, 151.21, "101.160", "en-AU"],
  [2, "AS", "JP", "Tokyo", "Tokyo", 35.68, 139.69, "126.112", "ja-JP"],
];

const far: typeof rows = [
  [1, "AF", "NG", "Lagos", "Lagos", 6.52, 3.38, "105.112", "en-NG"],
  [1, "SA", "BR", "São Paulo", "São Paulo", -23.55, -46.63, "177.32", "pt-BR"],
  [1, "AS", "ID", "Jakarta", "Jakarta", -6.21, 106.85, "114.124", "id-ID"],
  [1, "AS", "VN", "Hanoi", "Hanoi", 21.03, 105.85, "113.160", "vi-VN"],
  [1, "AF", "ZA", "Gauteng", "Johannesburg", -26.2, 28.05, "105.184", "en-ZA"],
];

export const placeWeights: readonly number[] = rows.map(([weight]) => weight);
/** Where customers live. */
export const homes: readonly Place[] = rows.map(place);
/** Where nobody lives who buys here; some travel there, and frauds come from there. */
export const distantPlaces: readonly Place[] = far.map(place);
/** Where people travel to. */
export const destinations: readonly Place[] = [...homes, ...distantPlaces];

/** Places in other countries; of the same continent where there are any and `near` says so. */
export function placesAbroad(from: Place, { near = false } = {}): readonly Place[] {
  const abroad = homes.filter(({ country }) => country !== from.country);
  const neighbours = abroad.filter(({ continent }) => continent === from.continent);
  return near && neighbours.length > 0 ? neighbours : abroad;
}

/** One of the place's addresses. */
export function addressIn({ network }: Place, random: Random): string {
  return `${network}.${random.below(254)}.${random.between(1, 254)}`;
}

/** An address that many of the place share: the first few of a carrier, the others of offices. */
export function sharedAddressIn({ network }: Place, number: number): string {
  return `${network}.255.${number + 1}`;
}

function place([
  ,
  continent,
  country,
  region,
  city,
  latitude,
  longitude,
  network,
  locale,
]: (typeof rows)[number]): Place {
  return {
    continent,
    country,
    city,
    location: { country, region, city, latitude, longitude },
    network,
    locale,
  };
}
