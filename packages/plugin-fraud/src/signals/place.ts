/** Degrees. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

const earthRadiusKm = 6_371.0088;
const steps = 2 ** 14;

/** Along the surface of a sphere, kilometres. @see Sinnott, "Virtues of the haversine", Sky and Telescope 68, 1984 */
export function distanceKm(a: Place, b: Place): number {
  const halfLatitude = Math.sin(radians(b.latitude - a.latitude) / 2);
  const halfLongitude = Math.sin(radians(b.longitude - a.longitude) / 2);
  const chord =
    halfLatitude ** 2 +
    Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * halfLongitude ** 2;
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(chord)));
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** The cell of a grid of 1.2 by at most 2.4 kilometres, 28 bits. */
export function cellOf({ latitude, longitude }: Place): number {
  const step = (share: number): number =>
    Math.min(steps - 1, Math.max(0, Math.floor(share * steps)));
  return step((latitude + 90) / 180) * steps + step((longitude + 180) / 360);
}

/** The middle of a cell. */
export function placeOfCell(cell: number): Place {
  return {
    latitude: ((Math.floor(cell / steps) + 0.5) / steps) * 180 - 90,
    longitude: (((cell % steps) + 0.5) / steps) * 360 - 180,
  };
}
