/** Longer texts are compared by their beginnings: the time grows with the product of the lengths. */
const comparedCharacters = 256;

/**
 * How alike two texts are, from 0 (nothing in common) to 1 (equal), by Jaro's measure with Winkler's bonus of a tenth for each of up to four
 * equal characters at the beginning.
 * @see Winkler, "String comparator metrics and enhanced decision rules in the Fellegi–Sunter model of record linkage", 1990
 */
export function jaroWinkler(left: string, right: string): number {
  const a = left.slice(0, comparedCharacters);
  const b = right.slice(0, comparedCharacters);
  const jaro = jaroOf(a, b);
  let prefix = 0;
  while (prefix < 4 && prefix < a.length && a[prefix] === b[prefix]) prefix += 1;
  return jaro + prefix * 0.1 * (1 - jaro);
}

/** @see Jaro, "Advances in record-linkage methodology as applied to matching the 1985 census of Tampa, Florida", 1989 */
function jaroOf(a: string, b: string): number {
  if (a === b) return 1;
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1);
  const taken = new Uint8Array(b.length);
  const matched: string[] = [];
  for (let i = 0; i < a.length; i += 1) {
    const last = Math.min(b.length - 1, i + reach);
    for (let j = Math.max(0, i - reach); j <= last; j += 1) {
      if (taken[j] === 1 || a[i] !== b[j]) continue;
      taken[j] = 1;
      matched.push(a[i] ?? "");
      break;
    }
  }
  if (matched.length === 0) return 0;
  let order = 0;
  let moved = 0;
  for (let j = 0; j < b.length; j += 1) {
    if (taken[j] === 0) continue;
    if (b[j] !== matched[order]) moved += 1;
    order += 1;
  }
  const m = matched.length;
  return (m / a.length + m / b.length + (m - moved / 2) / m) / 3;
}
