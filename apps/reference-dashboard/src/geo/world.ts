import type {
  Feature,
  FeatureCollection,
  Geometry,
  MultiPolygon,
  Polygon,
  Position,
} from "geojson";
import { feature } from "topojson-client";
import topology from "world-atlas/countries-50m.json";
import { cutAtAntimeridian } from "./cut-at-antimeridian.ts";

export interface CountryProperties {
  /** ISO 3166-1 alpha-2, by which the map is joined; the atlas' own name where it has none. */
  readonly name: string;
}

export interface World {
  readonly features: FeatureCollection<MultiPolygon, CountryProperties>;
  /** Middle, in degrees, of countries too small to see at the size of the world. */
  readonly small: ReadonlyMap<string, Position>;
  readonly codes: ReadonlySet<string>;
}

/** Degrees of the longer side of a country's box. */
const smallestVisible = 1.6;
const withoutNumber: Readonly<Record<string, string>> = { Kosovo: "XK" };

/** The countries of the world without Antarctica, from Natural Earth at 1:50 million. */
export const world: World = build();

function build(): World {
  const features = feature(topology, topology.objects.countries).features.flatMap(
    ({ id, geometry, properties }): Feature<MultiPolygon, CountryProperties>[] => {
      const name = codeOf(id, properties.name);
      if (name === "AQ" || !isArea(geometry)) return [];
      const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
      const coordinates = polygons.flatMap(cutAtAntimeridian);
      return [
        { type: "Feature", properties: { name }, geometry: { type: "MultiPolygon", coordinates } },
      ];
    },
  );
  const small = new Map<string, Position>();
  const large = new Set<string>();
  for (const { properties, geometry } of features) {
    const [west, south, east, north] = boundsOf(geometry);
    if (Math.max(east - west, north - south) >= smallestVisible) large.add(properties.name);
    else small.set(properties.name, [(west + east) / 2, (south + north) / 2]);
  }
  // Some countries come with their far islands as features of their own.
  for (const code of large) small.delete(code);
  return {
    features: { type: "FeatureCollection", features },
    small,
    codes: new Set(features.map(({ properties }) => properties.name)),
  };
}

/** CLDR takes the numeric code of a region for a spelling of its letters. */
function codeOf(id: string | number | undefined, name: string): string {
  const code =
    id === undefined
      ? withoutNumber[name]
      : new Intl.Locale(`und-${String(id).padStart(3, "0")}`).region;
  return code ?? name;
}

function isArea(geometry: Geometry): geometry is Polygon | MultiPolygon {
  return geometry.type === "Polygon" || geometry.type === "MultiPolygon";
}

function boundsOf({ coordinates }: MultiPolygon): [number, number, number, number] {
  const points = coordinates.flat(2);
  const longitudes = points.map(([longitude = 0]) => longitude);
  const latitudes = points.map(([, latitude = 0]) => latitude);
  return [least(longitudes), least(latitudes), most(longitudes), most(latitudes)];
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
