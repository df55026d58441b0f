import type { Compilable, RootOperationNode } from "kysely";
import type { Query, QueryEngine, QueryResult } from "../ports/query-engine.ts";

export interface LakeQueryOptions
  extends Pick<Query, "tenant" | "fresh" | "timeoutMs" | "maxRows" | "signal"> {
  /** What to read tables as, where it is not their newest version. The tables themselves are found in the query. */
  readonly reads?: Query["tables"];
}

/** The port's query for what {@link lakeDb} built: its SQL, its parameters and the tables it names. */
export function lakeQuery(builder: Compilable, options: LakeQueryOptions): Query {
  const { reads = {}, ...rest } = options;
  const { sql, parameters, query } = builder.compile();
  const tables = Object.fromEntries(tableNames(query).map((table) => [table, reads[table] ?? {}]));
  return { ...rest, sql, parameters, tables };
}

/** Runs a query built by {@link lakeDb}; rows have the type it was built with. */
export async function queryLake<Output>(
  engine: QueryEngine,
  builder: Compilable<Output>,
  options: LakeQueryOptions,
): Promise<Omit<QueryResult, "rows"> & { readonly rows: readonly Output[] }> {
  const result = await engine.query(lakeQuery(builder, options));
  // The engine gives rows as the query's columns say; the types of Kysely describe the same columns.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...result, rows: result.rows as readonly Output[] };
}

/** Lake tables named anywhere in the query, without those that WITH makes. */
function tableNames(root: RootOperationNode): string[] {
  const named = new Set<string>();
  const made = new Set<string>();
  visit(root, (node) => {
    const name = identifier(node["table"]);
    if (name === undefined) return;
    if (node["kind"] === "TableNode") named.add(name);
    if (node["kind"] === "CommonTableExpressionNameNode") made.add(name);
  });
  return [...named].filter((name) => !made.has(name)).toSorted();
}

type Node = Readonly<Record<string, unknown>>;

/** The name in `{ identifier: { name } }`, also one level of `table` further down. */
function identifier(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  const inner = value["identifier"];
  if (isNode(inner) && typeof inner["name"] === "string") return inner["name"];
  return identifier(value["table"]);
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see);
  } else if (isNode(value) && value["kind"] !== "ReferenceNode") {
    // A reference names a table or an alias that FROM or JOIN names too.
    see(value);
    for (const part of Object.values(value)) visit(part, see);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
