import { reachOf, type WindowSpec, type WindowTotals } from "../ports/state-store.ts";
import type { Occurrence, WindowFeature } from "./feature.ts";
import { partsOf, readerOf, readsBefore, seriesOf, type WindowPart } from "./window-parts.ts";

/** What the features of one kind of entity come down to: the windows they are made of, each once. */
export interface EntityPlan<Subject> {
  readonly entity: string;
  readonly windows: readonly WindowSpec[];
  readonly keyOf: (subject: Subject) => string | undefined;
  /** What each window takes in. */
  readonly valuesOf: (
    occurrence: Occurrence<Subject>,
  ) => ReadonlyArray<number | string | undefined>;
  /** By the feature's name. */
  readonly readers: ReadonlyMap<string, TotalsReader<Subject>>;
}

type TotalsReader<Subject> = (
  totals: WindowTotals,
  occurrence: Occurrence<Subject>,
) => number | undefined;

const textLimit = 256;
const numberLimit = 1e100;

export function compileEntity<Subject>(
  entity: string,
  features: ReadonlyArray<WindowFeature<Subject>>,
): EntityPlan<Subject> {
  const parts = new Map<string, WindowPart>();
  const readers = new Map<string, TotalsReader<Subject>>();
  for (const feature of features) {
    const places = partsOf(feature).map((part) => {
      const { name, windowMs, delayMs = 0 } = part.spec;
      const key = `${bucketsKey(part.spec)}/${windowMs}/${delayMs}/${name}`;
      if (!parts.has(key)) parts.set(key, part);
      return [...parts.keys()].indexOf(key);
    });
    readers.set(feature.name, readTotals(feature, places));
  }
  const list = [...parts.values()];
  const takers = takersOf(list, features);
  const keyOf = features[0]?.key;
  return {
    entity,
    windows: list.map(({ spec }) => spec),
    readers,
    keyOf: (subject) => shortText(keyOf?.(subject)),
    valuesOf(occurrence) {
      const values: Array<number | string | undefined> = list.map(() => undefined);
      for (const { take, windows } of takers) {
        const value = take(occurrence.subject);
        if (value === undefined) continue;
        for (const { place, part } of windows) values[place] = taken(part, value, occurrence.at);
      }
      return values;
    },
  };
}

function readTotals<Subject>(
  feature: WindowFeature<Subject>,
  places: readonly number[],
): TotalsReader<Subject> {
  const read = readerOf(feature.aggregate);
  const isBefore = readsBefore(feature);
  const take = takeOf(feature);
  const takesValue = feature.aggregate === "ratio";
  const [only = 0] = places;
  const isOne = places.length === 1;
  return ({ before, after }, { at, subject }) => {
    const all = isBefore ? before : after;
    const totals = isOne ? [all[only]] : places.map((place) => all[place]);
    return read({ totals, at, value: takesValue ? take(subject) : undefined });
  };
}

interface Taker<Subject> {
  readonly take: (subject: Subject) => number | string | undefined;
  readonly windows: ReadonlyArray<{ readonly place: number; readonly part: WindowPart }>;
}

/** What each series takes in, asked once an occurrence. Of the windows that share buckets the one that sees furthest takes it in for all. */
function takersOf<Subject>(
  parts: readonly WindowPart[],
  features: ReadonlyArray<WindowFeature<Subject>>,
): ReadonlyArray<Taker<Subject>> {
  const furthest = new Map<string, number>();
  parts.forEach(({ spec }, place) => {
    const held = furthest.get(bucketsKey(spec));
    const other = held === undefined ? undefined : parts[held];
    if (other === undefined || reachOf(spec) > reachOf(other.spec))
      furthest.set(bucketsKey(spec), place);
  });
  const bySeries = new Map<string, WindowFeature<Subject>>();
  for (const feature of features)
    if (!bySeries.has(seriesOf(feature))) bySeries.set(seriesOf(feature), feature);
  return [...bySeries].map(([series, feature]) => ({
    take: takeOf(feature),
    windows: parts
      .map((part, place) => ({ part, place }))
      .filter(
        ({ part, place }) =>
          part.series === series && furthest.get(bucketsKey(part.spec)) === place,
      ),
  }));
}

function bucketsKey({ aggregate, bucketMs, name }: WindowSpec): string {
  return `${aggregate}/${bucketMs}/${name}`;
}

/** The feature's value of a subject; undefined where it takes no part. */
function takeOf<Subject>({
  filter,
  value,
}: WindowFeature<Subject>): (subject: Subject) => number | string | undefined {
  return (subject) => {
    if (filter?.(subject) === false) return undefined;
    if (value === undefined) return 1;
    const given = value(subject);
    if (typeof given === "string") return shortText(given);
    return typeof given === "number" && Math.abs(given) <= numberLimit ? given : undefined;
  };
}

function taken(
  { intake, spec }: WindowPart,
  value: number | string,
  at: number,
): number | string | undefined {
  if (typeof value === "string") return spec.aggregate === "distinct" ? value : undefined;
  switch (intake) {
    case "one":
      return 1;
    case "value":
      return value;
    case "square":
      return value * value;
    case "time":
      return at;
    default:
      return intake satisfies never;
  }
}

function shortText(text: string | undefined): string | undefined {
  if (typeof text !== "string" || text === "") return undefined;
  return text.length > textLimit ? text.slice(0, textLimit) : text;
}
