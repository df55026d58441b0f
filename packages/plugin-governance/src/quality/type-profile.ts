import type { EventEnvelope } from "@ecap/sdk";
import { approxDistinct, approxQuantiles } from "@ecap/sdk/streams";
import type { FieldProfile } from "../contract.ts";
import { isMissing, isScalar, numberOf } from "./field-path.ts";
import { type SavedSpaceSaving, SpaceSaving } from "./space-saving.ts";

/** Plain JSON of {@link TypeProfile}. */
export interface SavedProfile {
  readonly sampled: number;
  readonly fields: Readonly<Record<string, SavedField>>;
}

type SavedField = readonly [
  count: number,
  nulls: number,
  distinct: unknown,
  quantiles: unknown,
  top: SavedSpaceSaving | null,
];

interface Field {
  count: number;
  nulls: number;
  distinct: unknown;
  quantiles: unknown;
  top: SpaceSaving | undefined;
}

const distinct = approxDistinct(() => undefined);
const shares = [0.01, 0.25, 0.5, 0.75, 0.99];
const quantiles = approxQuantiles(() => undefined, shares);
const maxFields = 60;
const maxNameLength = 64;
const maxTextLength = 256;
const maxCategoryLength = 64;
const maxElements = 20;
const shownValues = 10;
/** Numbers that name something or someone: neither their size nor their quantiles say anything. */
const naming = /(^|_)(id|phone|tel|zip|post\w*|birth\w*|ssn|iban|number|sku)$/i;

/** Profiles of the fields of one event type; two of them add up. Holds no values but those of categories. */
export class TypeProfile {
  sampled = 0;
  readonly #categories: ReadonlySet<string>;
  readonly #fields = new Map<string, Field>();

  constructor(categories: ReadonlySet<string> = new Set()) {
    this.#categories = categories;
  }

  add({ data }: EventEnvelope): void {
    this.sampled += 1;
    for (const [name, value] of Object.entries(data).slice(0, maxFields)) {
      if (Array.isArray(value)) this.#addElements(name, value);
      else this.#addValue(name, value);
    }
  }

  merge(other: TypeProfile): void {
    this.sampled += other.sampled;
    for (const [name, from] of other.#fields) {
      const into = this.#field(name);
      if (into === undefined) continue;
      into.count += from.count;
      into.nulls += from.nulls;
      into.distinct = distinct.merge(into.distinct as never, from.distinct as never);
      into.quantiles =
        from.quantiles === undefined
          ? into.quantiles
          : quantiles.merge(
              (into.quantiles ?? quantiles.empty()) as never,
              from.quantiles as never,
            );
      if (from.top !== undefined) into.top?.merge(from.top);
    }
  }

  /** By field name. */
  results(): readonly FieldProfile[] {
    return [...this.#fields]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, { count, nulls, ...sketches }]) => {
        const isElement = field.includes("[]");
        const all = isElement ? count : Math.max(count, this.sampled);
        const missing = nulls + (all - count);
        const top = sketches.top
          ?.top(shownValues)
          .map(({ value, count: times }) => ({ value, count: times }));
        return {
          field,
          count: all,
          nulls: missing,
          nullShare: all === 0 ? 0 : missing / all,
          distinct: Number(distinct.result(sketches.distinct as never)),
          ...(sketches.quantiles !== undefined && {
            quantiles: quantiles.result(sketches.quantiles as never) as Record<string, number>,
          }),
          ...(top !== undefined && top.length > 0 && { top }),
        };
      });
  }

  save(): SavedProfile {
    const fields = [...this.#fields].map(([name, field]): [string, SavedField] => [
      name,
      [
        field.count,
        field.nulls,
        distinct.save(field.distinct as never),
        field.quantiles === undefined ? null : quantiles.save(field.quantiles as never),
        field.top?.save() ?? null,
      ],
    ]);
    return { sampled: this.sampled, fields: Object.fromEntries(fields) };
  }

  static load(saved: SavedProfile, categories?: ReadonlySet<string>): TypeProfile {
    const profile = new TypeProfile(categories);
    profile.sampled = saved.sampled;
    for (const [name, [count, nulls, seen, sizes, top]] of Object.entries(saved.fields)) {
      profile.#fields.set(name, {
        count,
        nulls,
        distinct: distinct.load(seen),
        quantiles: sizes === null ? undefined : quantiles.load(sizes),
        top: top === null ? undefined : SpaceSaving.load(top),
      });
    }
    return profile;
  }

  #addElements(name: string, values: readonly unknown[]): void {
    for (const element of values.slice(0, maxElements)) {
      if (typeof element !== "object" || element === null) this.#addValue(`${name}[]`, element);
      else {
        for (const [member, value] of Object.entries(element).slice(0, maxFields)) {
          this.#addValue(`${name}[].${member}`, value);
        }
      }
    }
  }

  #addValue(name: string, value: unknown): void {
    const field = this.#field(name);
    if (field === undefined) return;
    field.count += 1;
    if (isMissing(value)) {
      field.nulls += 1;
      return;
    }
    // What is inside an object is not looked into; that it is there is counted.
    if (!isScalar(value)) return;
    const text = String(value).slice(0, maxTextLength);
    field.distinct = distinct.add(field.distinct as never, text);
    const number = naming.test(name) ? Number.NaN : numberOf(value);
    if (!Number.isNaN(number)) {
      field.quantiles = quantiles.add((field.quantiles ?? quantiles.empty()) as never, number);
    }
    field.top?.add(text.slice(0, maxCategoryLength));
  }

  #field(name: string): Field | undefined {
    const held = this.#fields.get(name);
    if (held !== undefined) return held;
    if (this.#fields.size >= maxFields || name.length > maxNameLength) return undefined;
    const top = this.#categories.has(name) ? new SpaceSaving() : undefined;
    const field = { count: 0, nulls: 0, distinct: distinct.empty(), quantiles: undefined, top };
    this.#fields.set(name, field);
    return field;
  }
}
