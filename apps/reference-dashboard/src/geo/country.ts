/** English names and codes that `Intl` does not know a region by. */
const aliases: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "bosnia and herzegovina": "BA",
    "channel islands": "JE",
    "czech republic": "CZ",
    eire: "IE",
    england: "GB",
    "great britain": "GB",
    holland: "NL",
    "hong kong": "HK",
    "ivory coast": "CI",
    "korea, republic of": "KR",
    macedonia: "MK",
    myanmar: "MM",
    "northern ireland": "GB",
    palestine: "PS",
    "republic of ireland": "IE",
    rsa: "ZA",
    "russian federation": "RU",
    scotland: "GB",
    swaziland: "SZ",
    turkey: "TR",
    uae: "AE",
    uk: "GB",
    "united states of america": "US",
    usa: "US",
    "viet nam": "VN",
    wales: "GB",
  }),
);

/** What is coded like a country and is none: the European Union, the euro area, the United Nations, the unknown, and marks for testing. */
const notCountries: ReadonlySet<string> = new Set(["EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"]);

const english = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
const local = new Intl.DisplayNames(undefined, { type: "region" });
const byName = new Map<string, string>();
const letters = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
for (const first of letters) {
  for (const second of letters) {
    const name = english.of(first + second);
    const code = canonical(first + second);
    if (name !== undefined && code !== undefined) byName.set(fold(name), code);
  }
}

/** The ISO 3166-1 alpha-2 code of a code, an English name or a common other name; undefined where it is no country. */
export function resolveCountry(value: string): string | undefined {
  const folded = fold(value);
  const alias = aliases.get(folded);
  if (alias !== undefined) return alias;
  if (/^[A-Za-z]{2,3}$|^\d{3}$/.test(value.trim())) return canonical(value.trim());
  return byName.get(folded);
}

/** A country's name in the reader's language. */
export function countryName(code: string): string {
  return local.of(code) ?? code;
}

/** Regions have three spellings (GB, 826, and old codes such as DD); `Intl` knows which is today's. */
function canonical(region: string): string | undefined {
  try {
    const code = new Intl.Locale(`und-${region}`).region;
    return code !== undefined &&
      /^[A-Z]{2}$/.test(code) &&
      english.of(code) !== undefined &&
      !notCountries.has(code)
      ? code
      : undefined;
  } catch {
    return undefined;
  }
}

function fold(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .normalize("NFD")
    .replaceAll(/\p{Mark}/gu, "")
    .replaceAll("&", "and")
    .replaceAll("’", "'")
    .replaceAll(/\s+/g, " ");
}
