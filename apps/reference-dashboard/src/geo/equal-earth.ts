const a1 = 1.340264;
const a2 = -0.081106;
const a3 = 0.000893;
const a4 = 0.003796;
const m = Math.sqrt(3) / 2;
const iterations = 12;
/** Plane units in a radian of the equator: drawing drops details smaller than a unit. */
const unit = 1_000;

export type Point = [number, number];

/**
 * Degrees to the plane, y downwards: a projection that keeps areas, so that no country looks more than it is.
 * @see Šavrič, Patterson, Jenny: The Equal Earth map projection, 2018
 */
export function project([longitude, latitude]: readonly number[]): Point {
  const lambda = ((longitude ?? 0) * Math.PI) / 180;
  const phi = ((latitude ?? 0) * Math.PI) / 180;
  const l = Math.asin(m * Math.sin(phi));
  const l2 = l * l;
  const l6 = l2 * l2 * l2;
  return [
    (unit * lambda * Math.cos(l)) / (m * (a1 + 3 * a2 * l2 + l6 * (7 * a3 + 9 * a4 * l2))),
    -unit * l * (a1 + a2 * l2 + l6 * (a3 + a4 * l2)),
  ];
}

/** The inverse, by Newton's method. */
export function unproject([x, y]: readonly number[]): Point {
  const target = -(y ?? 0) / unit;
  let l = target;
  for (let i = 0; i < iterations; i += 1) {
    const l2 = l * l;
    const l6 = l2 * l2 * l2;
    l -=
      (l * (a1 + a2 * l2 + l6 * (a3 + a4 * l2)) - target) /
      (a1 + 3 * a2 * l2 + l6 * (7 * a3 + 9 * a4 * l2));
  }
  const l2 = l * l;
  const l6 = l2 * l2 * l2;
  const lambda =
    (m * ((x ?? 0) / unit) * (a1 + 3 * a2 * l2 + l6 * (7 * a3 + 9 * a4 * l2))) / Math.cos(l);
  return [
    (lambda * 180) / Math.PI,
    (Math.asin(Math.max(-1, Math.min(1, Math.sin(l) / m))) * 180) / Math.PI,
  ];
}
