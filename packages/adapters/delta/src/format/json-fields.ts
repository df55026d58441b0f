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
}

/** The field, checked; undefined where it is absent or null. Throws a TypeError that names a field of another type. */
export function optional<T extends keyof FieldTypes>(
  record: JsonRecord,
  field: string,
  type: T,
): FieldTypes[T] | undefined {
  const value = record[field];
  if (value === undefined || value === null) return undefined;
  if (!isOfType(value, type)) throw new TypeError(`${field} is not a ${type}`);
  return value;
}

export function required<T extends keyof FieldTypes>(
  record: JsonRecord,
  field: string,
  type: T,
): FieldTypes[T] {
  const value = optional(record, field, type);
  if (value === undefined) throw new TypeError(`${field} is missing`);
  return value;
}

function isOfType<T extends keyof FieldTypes>(value: unknown, type: T): value is FieldTypes[T] {
  if (type === "names") {
    return Array.isArray(value) && value.every((name) => typeof name === "string");
  }
  if (type === "strings") {
    return (
      isRecord(value) && Object.values(value).every((v) => v === null || typeof v === "string")
    );
  }
  return typeof value === type;
}
