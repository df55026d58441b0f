import type { Position } from "geojson";

/**
 * A polygon's rings that cross longitude 180, where the plane has its edge, as polygons that stay on one side; others as they are. Holes of a
 * polygon that is cut are left out: the countries concerned have none there.
 */
export function cutAtAntimeridian(rings: readonly Position[][]): Position[][][] {
  const [outer = []] = rings;
  const path = unwrap(outer);
  const longitudes = path.map(([longitude = 0]) => longitude);
  const isBeyond = longitudes.some((longitude) => Math.abs(longitude) > 180);
  if (!isBeyond) return [rings.map((ring) => [...ring])];
  // Beyond the west is the east of a world further west, and the other way round.
  const shift = longitudes.some((longitude) => longitude > 180) ? 360 : -360;
  const edge = shift / 2;
  const inside = clip(path, (longitude) => (edge - longitude) * Math.sign(edge) >= 0, edge);
  const beyond = clip(path, (longitude) => (longitude - edge) * Math.sign(edge) >= 0, edge);
  return [inside, beyond.map(([longitude = 0, latitude = 0]) => [longitude - shift, latitude])]
    .filter((ring) => ring.length > 3)
    .map((ring) => [ring]);
}

/** The ring without jumps: longitudes go on past 180 instead of starting again. */
function unwrap(ring: readonly Position[]): Position[] {
  let turn = 0;
  return ring.map(([longitude = 0, latitude = 0], index) => {
    const step = longitude - (ring[index - 1]?.[0] ?? longitude);
    if (Math.abs(step) > 180) turn -= Math.sign(step) * 360;
    return [longitude + turn, latitude];
  });
}

/** Sutherland and Hodgman's clipping with one edge: the meridian. */
function clip(
  ring: readonly Position[],
  isInside: (longitude: number) => boolean,
  edge: number,
): Position[] {
  return ring.flatMap(([longitude = 0, latitude = 0], index) => {
    const [lastLongitude = 0, lastLatitude = 0] =
      ring[(index + ring.length - 1) % ring.length] ?? [];
    const crossing = (): Position => [
      edge,
      lastLatitude +
        ((latitude - lastLatitude) * (edge - lastLongitude)) / (longitude - lastLongitude),
    ];
    const here = isInside(longitude);
    if (here === isInside(lastLongitude)) return here ? [[longitude, latitude]] : [];
    return here ? [crossing(), [longitude, latitude]] : [crossing()];
  });
}
