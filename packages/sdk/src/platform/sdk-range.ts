/**
 * Whether a version lies in a range of the few forms plugins need: `*`, `1.x`, `1.2.x`, `1.2.3` and `^1.2.3` (below 1.0 a caret holds the minor version).
 * Alternatives are separated by `||`. Any other form matches nothing.
 */
export function satisfies(version: string, range: string): boolean {
  return range.split("||").some((part) => matches(version, part.trim()));
}

function matches(version: string, range: string): boolean {
  const actual = parse(version);
  if (range === "*") return true;
  const wildcard = /^(\d+)(?:\.(\d+))?(?:\.x)?$/.exec(range.replace(/^(\d+)\.x$/, "$1"));
  if (wildcard !== null) {
    return (
      Number(wildcard[1]) === actual[0] &&
      (wildcard[2] === undefined || Number(wildcard[2]) === actual[1])
    );
  }
  if (/^\d+\.\d+\.\d+$/.test(range)) return range === actual.join(".");
  if (!/^\^\d+\.\d+\.\d+$/.test(range)) return false;
  const least = parse(range.slice(1));
  const sameLine =
    least[0] > 0 ? actual[0] === least[0] : actual[0] === 0 && actual[1] === least[1];
  return sameLine && compare(actual, least) >= 0;
}

type Version = readonly [number, number, number];

function parse(version: string): Version {
  const [major = "0", minor = "0", patch = "0"] = (version.split(/[-+]/)[0] ?? "").split(".");
  return [Number(major), Number(minor), Number(patch)];
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
