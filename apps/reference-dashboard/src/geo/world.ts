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

export interface CountryProperties {
  /** ISO 3166-1 alpha-2, by which the map is joined; the atlas' own name where it has none. */
  readonly name: string;
}

export interface World {
  readonly features: FeatureCollection<Polygon | MultiPolygon, CountryProperties>;
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
  const all = feature(topology, topology.objects.countries).features.flatMap(
    (found): Feature<Polygon | MultiPolygon, CountryProperties>[] => {
      const { geometry } = found;
      if (!isArea(geometry)) return [];
      const number = found.id === undefined ? undefined : String(found.id).padStart(3, "0");
      // CLDR takes the numeric code of a region for a spelling of its letters.
      const code =
        number === undefined
          ? withoutNumber[found.properties.name]
          : new Intl.Locale(`und-${number}`).region;
      return [{ type: "Feature", properties: { name: code ?? found.properties.name }, geometry }];
    },
  );
  const features = all.filter(({ properties }) => properties.name !== "AQ");
  const small = new Map<string, Position>();
  for (const { properties, geometry } of features) {
    const [west, south, east, north] = boundsOf(geometry);
    if (Math.max(east - west, north - south) < smallestVisible)
      small.set(properties.name, [(west + east) / 2, (south + north) / 2]);
  }
  return {
    features: { type: "FeatureCollection", features },
    small,
    codes: new Set(features.map(({ properties }) => properties.name)),
  };
}

function isArea(geometry: Geometry): geometry is Polygon | MultiPolygon {
  return geometry.type === "Polygon" || geometry.type === "MultiPolygon";
}

function boundsOf(geometry: Polygon | MultiPolygon): [number, number, number, number] {
  const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
  const points = rings.flat();
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
