/** What a new version of a schema must still understand: backward – data of the old one; forward – its data by the old one; full – both. */
export type Compatibility = "backward" | "forward" | "full" | "none";

/** The part of JSON Schema 2020-12 that is compared. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema | boolean;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly [keyword: string]: unknown;
}

/** Why the change breaks the mode, one sentence each; empty where it is compatible. */
export function incompatibilities(
  previous: JsonSchema,
  next: JsonSchema,
  mode: Compatibility,
): readonly string[] {
  const problems: string[] = [];
  if (mode === "backward" || mode === "full") compare(previous, next, "", "old data", problems);
  if (mode === "forward" || mode === "full") compare(next, previous, "", "new data", problems);
  return problems;
}

/** Says where a value valid by `writer` might not be valid by `reader`. */
function compare(
  writer: JsonSchema,
  reader: JsonSchema,
  path: string,
  whose: string,
  problems: string[],
): void {
  const at = path === "" ? "/" : path;
  const writerTypes = typesOf(writer);
  const readerTypes = typesOf(reader);
  if (readerTypes !== undefined) {
    const refused = (writerTypes ?? ["any"]).filter((type) => !accepts(readerTypes, type));
    if (refused.length > 0) {
      problems.push(`${at}: ${whose} can be ${refused.join(" or ")}, which would be refused`);
      return;
    }
  }
  if (reader.enum !== undefined || reader.const !== undefined)
    compareValues(writer, reader, at, whose, problems);
  compareBounds(writer, reader, at, whose, problems);
  if (reader.anyOf !== undefined && JSON.stringify(writer.anyOf) !== JSON.stringify(reader.anyOf)) {
    const options = writer.anyOf ?? [writer];
    for (const option of options) {
      if (!reader.anyOf.some((candidate) => isAccepted(option, candidate))) {
        problems.push(`${at}: ${whose} has an alternative that would be refused`);
      }
    }
  }
  for (const name of reader.required ?? []) {
    if (!(writer.required ?? []).includes(name))
      problems.push(`${path}/${name}: ${whose} may lack it, and it would be required`);
  }
  for (const [name, property] of Object.entries(writer.properties ?? {})) {
    const other = reader.properties?.[name];
    if (other !== undefined) compare(property, other, `${path}/${name}`, whose, problems);
    else if (reader.additionalProperties === false)
      problems.push(`${path}/${name}: ${whose} may have it, and it would be refused`);
  }
  if (typeof writer.items === "object" && typeof reader.items === "object") {
    compare(writer.items, reader.items, `${path}/*`, whose, problems);
  }
}

function compareValues(
  writer: JsonSchema,
  reader: JsonSchema,
  at: string,
  whose: string,
  problems: string[],
): void {
  const allowed = valuesOf(reader) ?? [];
  const written = valuesOf(writer);
  const refused = written?.filter((value) => !allowed.includes(value));
  if (refused === undefined)
    problems.push(
      `${at}: ${whose} can be any value, and only ${allowed.map(String).join(", ")} would be accepted`,
    );
  else if (refused.length > 0)
    problems.push(
      `${at}: ${whose} can be ${refused.map(String).join(" or ")}, which would be refused`,
    );
}

function compareBounds(
  writer: JsonSchema,
  reader: JsonSchema,
  at: string,
  whose: string,
  problems: string[],
): void {
  for (const key of ["minimum", "minLength", "minItems"]) {
    if (numberOr(reader[key], -Infinity) > numberOr(writer[key], -Infinity))
      problems.push(`${at}: ${whose} can be below the ${key} ${JSON.stringify(reader[key])}`);
  }
  for (const key of ["maximum", "maxLength", "maxItems"]) {
    if (numberOr(reader[key], Infinity) < numberOr(writer[key], Infinity))
      problems.push(`${at}: ${whose} can be above the ${key} ${JSON.stringify(reader[key])}`);
  }
  for (const key of ["format", "pattern"]) {
    if (reader[key] !== undefined && reader[key] !== writer[key])
      problems.push(`${at}: ${whose} need not have the ${key} ${JSON.stringify(reader[key])}`);
  }
}

function isAccepted(writer: JsonSchema, reader: JsonSchema): boolean {
  const problems: string[] = [];
  compare(writer, reader, "", "", problems);
  return problems.length === 0;
}

function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  return schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
}

function typesOf(schema: JsonSchema): readonly string[] | undefined {
  if (schema.type === undefined) return undefined;
  return typeof schema.type === "string" ? [schema.type] : schema.type;
}

function accepts(readerTypes: readonly string[], type: string): boolean {
  return readerTypes.includes(type) || (type === "integer" && readerTypes.includes("number"));
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
