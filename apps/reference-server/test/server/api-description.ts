/** The part of an OpenAPI document that the tests make requests from. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  /** Least role that may call it, as its description says; undefined where the route says none. */
  readonly role: string | undefined;
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly in: "path" | "query" }>;
  readonly body: BodySchema | undefined;
}

export interface BodySchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, BodySchema>>;
  readonly items?: BodySchema;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minLength?: number;
}

interface PathItem {
  readonly description?: string;
  readonly parameters?: Operation["parameters"];
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: BodySchema }>>;
  };
}

export interface ApiDescription {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, PathItem>>>>;
}

export function operationsOf(description: ApiDescription): readonly Operation[] {
  return Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, item]) => ({
      method: method.toUpperCase(),
      path,
      role: /Needs the role (\w+)/.exec(item.description ?? "")?.[1],
      parameters: item.parameters ?? [],
      body: item.requestBody?.content?.["application/json"]?.schema,
    })),
  );
}

/** Values that are right for the parameters of any route, by name. */
const fine: Readonly<Record<string, string>> = {
  from: "2026-01-01",
  to: "2026-02-01",
  grain: "day",
  dimension: "country",
  topic: "transactions",
  table: "orders",
  name: "bi.net_revenue",
  metric: "active",
};

/** The operation's address with right values, except the one given. */
export function addressOf(
  { path, parameters }: Operation,
  other?: { readonly name: string; readonly value: string },
): string {
  const valueOf = (name: string): string | undefined =>
    other?.name === name ? other.value : fine[name];
  const query = parameters
    .filter((parameter) => parameter.in === "query" && valueOf(parameter.name) !== undefined)
    .map(({ name }) => `${name}=${encodeURIComponent(valueOf(name) ?? "")}`);
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(valueOf(name) ?? "none"),
  );
  return query.length === 0 ? filled : `${filled}?${query.join("&")}`;
}

/** A body that fits the schema, with `text` wherever a text may stand. */
export function bodyOf(schema: BodySchema, text: string): unknown {
  const type = typeof schema.type === "string" ? schema.type : schema.type?.[0];
  if (schema.enum !== undefined) return schema.enum[0];
  if (type === "object")
    return Object.fromEntries(
      Object.entries(schema.properties ?? {}).map(([name, member]) => [name, bodyOf(member, text)]),
    );
  if (type === "array") return [bodyOf(schema.items ?? {}, text)];
  if (type === "number" || type === "integer") return 1;
  if (type === "boolean") return true;
  return text;
}
