import { eventTimeSlot, type Facts, type Scope, type Type, type Value } from "./language/index.ts";

/** What every subject of rules has, whatever its own fields are. */
export interface FeatureSubject {
  readonly features: Readonly<Record<string, number>>;
  /** Epoch milliseconds; lists and snoozes count as of it. */
  readonly decidedAt: number;
}

/** A field that is no feature, and where a subject has it. */
export interface OwnField<Subject> {
  readonly name: string;
  readonly type: Type;
  readonly read: (subject: Subject) => unknown;
}

/** Something rules can ask: a number of the name `key` among the features, or what the subject has beside them. */
export type Field<Subject> =
  | (OwnField<Subject> & { readonly of: "subject" })
  | {
      readonly name: string;
      readonly type: "number";
      readonly of: "features";
      readonly key: string;
    };

/** What a rule set is compiled for: the names that its expressions may use. */
export interface RuleScope {
  /** What expressions may name, with these lists. */
  readonly scopeWith: (lists: Iterable<string>) => Scope;
}

/** Everything rules can ask of a subject, and where its value is among the facts. */
export interface FieldSet<Subject extends FeatureSubject> extends RuleScope {
  /** In the order of the facts: the time of the event first. */
  readonly fields: ReadonlyArray<Field<Subject>>;
  /** Position of a field's value in the facts. A name that is none is a TypeError. */
  readonly slotOf: (field: string) => number;
  /** The values of all fields. What is absent, of another type than its field, or no finite number is missing. */
  readonly factsOf: (subject: Subject) => Facts;
  /** The same from a record: own fields by their names, and features by theirs. */
  readonly factsFrom: (recorded: {
    readonly facts: Readonly<Record<string, unknown>>;
    readonly features: Readonly<Record<string, unknown>>;
    readonly decidedAt: number;
  }) => Facts;
}

/** Texts are seen up to here; what is longer is cut. */
const textLimit = 4_096;

/**
 * Fields for rules over a feature set: own ones, of which the first is the time of the event, and its features. `card_count_1h` of the entity card is
 * `card.count_1h` to rules.
 */
export function fieldSet<Subject extends FeatureSubject>(
  time: OwnField<Subject> & { readonly type: "time" },
  own: ReadonlyArray<OwnField<Subject>>,
  features: ReadonlyArray<{ readonly name: string; readonly entity?: string }>,
): FieldSet<Subject> {
  const fields: ReadonlyArray<Field<Subject>> = [
    ...[time, ...own].map((field) => ({ ...field, of: "subject" as const })),
    ...features.map(({ name: key, entity }) => ({
      name: featureField(key, entity),
      type: "number" as const,
      of: "features" as const,
      key,
    })),
  ];
  const placed = fields.map((field, i) => ({ ...field, slot: eventTimeSlot + i }));
  const places: Scope["fields"] = new Map(
    placed.map(({ name, type, slot }) => [name, { type, slot }]),
  );
  /** Facts of which nothing is known: copied for each subject, then filled in. */
  const unknown: Facts = [
    0,
    ...fields.map(({ type }) => (type === "text" || type === "truth" ? undefined : Number.NaN)),
  ];
  const ofSubject = placed.filter((field) => field.of === "subject");
  const ofFeatures = placed.filter((field) => field.of === "features");
  return {
    fields,
    scopeWith: (lists) => ({ fields: places, lists: new Set(lists) }),
    slotOf(field) {
      const place = places.get(field);
      if (place === undefined) throw new TypeError(`there is no field "${field}"`);
      return place.slot;
    },
    factsOf(subject) {
      const facts = unknown.slice();
      facts[0] = subject.decidedAt;
      for (const { read, type, slot } of ofSubject) put(facts, slot, type, read(subject));
      const values = subject.features;
      for (const { key, slot } of ofFeatures) putNumber(facts, slot, values[key]);
      return facts;
    },
    factsFrom({ facts: named, features: values, decidedAt }) {
      const facts = unknown.slice();
      facts[0] = decidedAt;
      for (const { name, type, slot } of ofSubject) put(facts, slot, type, named[name]);
      for (const { key, slot } of ofFeatures) putNumber(facts, slot, values[key]);
      return facts;
    },
  };
}

function featureField(key: string, entity: string | undefined): string {
  return entity !== undefined && key.startsWith(`${entity}_`)
    ? `${entity}.${key.slice(entity.length + 1)}`
    : key;
}

function put(facts: Value[], slot: number, type: Type, value: unknown): void {
  if (type === "text") {
    if (typeof value === "string")
      facts[slot] = value.length > textLimit ? value.slice(0, textLimit) : value;
  } else if (type === "truth") {
    if (typeof value === "boolean") facts[slot] = value;
  } else putNumber(facts, slot, value);
}

function putNumber(facts: Value[], slot: number, value: unknown): void {
  if (typeof value === "number" && Number.isFinite(value)) facts[slot] = value;
}
