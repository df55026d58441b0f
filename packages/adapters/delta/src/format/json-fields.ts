export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface FieldTypes {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
  readonly names: readonly string[];
  readonly strings: Readonly<Record<string, string | null>>;
  readonly record: JsonRecord;
}
type FieldType = keyof FieldTypes;

/** The field, checked; undefined where it is absent or null. Throws a TypeError that names a field of another type. */
export function optional<T extends FieldType>(
  record: JsonRecord,
  field: string,
  type: T,
): FieldTypes[T] | undefined {
  const value = Object.hasOwn(record, field) ? record[field] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!isOfType(value, type)) throw new TypeError(`${field} is not a ${type}`);
  return value;
}

export function required<T extends FieldType>(
  record: JsonRecord,
  field: string,
  type: T,
): FieldTypes[T] {
  const value = optional(record, field, type);
  if (value === undefined) throw new TypeError(`${field} is missing`);
  return value;
}

/** Those of the fields that are there, each checked. */
export function optionals<Shape extends Readonly<Record<string, FieldType>>>(
  record: JsonRecord,
  shape: Shape,
): { readonly [Field in keyof Shape]?: FieldTypes[Shape[Field]] } {
  const found = Object.entries(shape).flatMap(([field, type]) => {
    const value = optional(record, field, type);
    return value === undefined ? [] : [[field, value]];
  });
  return Object.fromEntries(found) as { [Field in keyof Shape]?: FieldTypes[Shape[Field]] };
}

function isOfType<T extends FieldType>(value: unknown, type: T): value is FieldTypes[T] {
  if (type === "names") {
    return Array.isArray(value) && value.every((name) => typeof name === "string");
  }
  if (type === "strings") {
    return (
      isRecord(value) && Object.values(value).every((v) => v === null || typeof v === "string")
    );
  }
  return type === "record" ? isRecord(value) : typeof value === type;
}
