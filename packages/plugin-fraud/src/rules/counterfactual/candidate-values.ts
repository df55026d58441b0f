/** A number that may be another, and what is known of the values it could have. */
export interface Given {
  readonly value: number;
  /** What rules compare it with. */
  readonly breakpoints: readonly number[];
  /** What it is in ordinary cases, as far as is known. */
  readonly usual: readonly number[];
}

const most = 40;

/**
 * Values worth trying instead, nearest first: those next to what rules compare the number with on either side, usual ones, and some far off, for what
 * is compared only after a calculation. A whole number stays whole, what is 0 or 1 stays either, and what is not negative does not become so.
 */
export function candidateValues({ value, breakpoints, usual }: Given): readonly number[] {
  const known = [value, ...breakpoints, ...usual];
  const whole = known.every(Number.isInteger);
  const least = known.every((each) => each >= 0) ? 0 : Number.NEGATIVE_INFINITY;
  const isFlag = [value, ...breakpoints, ...usual].every((each) => each === 0 || each === 1);
  const largest = isFlag ? 1 : Number.POSITIVE_INFINITY;
  const next = breakpoints.flatMap((each) => {
    const step = whole ? 1 : stepAt(each);
    return [shortest(each - step), each, shortest(each + step)];
  });
  const far = [0, value / 2, value * 2, value * 10].map((each) =>
    whole ? Math.round(each) : shortest(each),
  );
  return [...new Set([...next, ...usual, ...far])]
    .filter((each) => each !== value && each >= least && each <= largest)
    .toSorted((a, b) => distance(value, a) - distance(value, b))
    .slice(0, most);
}

/** A value between two, not so exact that nobody would say it; undefined where there is none worth telling apart from them. */
export function between(from: number, to: number): number | undefined {
  const middle = from + (to - from) / 2;
  const rounded =
    Number.isInteger(from) && Number.isInteger(to) ? Math.round(middle) : shortest(middle);
  const inside = rounded > Math.min(from, to) && rounded < Math.max(from, to);
  return inside && distance(from, to) > leastDistance ? rounded : undefined;
}

/** Nearer than this two values are told as one. */
const leastDistance = 1e-3;

/** How much of a change it is, from 0 to 1 where the sign stays: the difference by the larger of the two. */
export function distance(from: number, to: number): number {
  const larger = Math.max(Math.abs(from), Math.abs(to));
  return larger === 0 ? 0 : Math.abs(to - from) / larger;
}

/** The fourth figure of a number. */
function stepAt(number: number): number {
  return number === 0 ? 1e-3 : 10 ** (Math.floor(Math.log10(Math.abs(number))) - 3);
}

function shortest(number: number): number {
  return Number(number.toPrecision(6));
}
