import { EcapError } from "@ecap/sdk";

/** Table functions that make rows out of nothing but their arguments. */
const harmlessTableFunctions = new Set(["unnest", "generate_series", "range"]);
/** Scalar functions that tell about the process. */
const forbiddenFunctions = new Set(["getenv", "current_setting", "current_query", "pg_read_file"]);

/**
 * Checks a statement by its syntax tree, as `json_serialize_sql` gives it: one SELECT that reads the declared tables and nothing else.
 * So no query reaches a file, a setting or another tenant's rows by naming it.
 */
export function checkStatement(syntaxTree: string, tables: ReadonlySet<string>): void {
  const parsed: unknown = JSON.parse(syntaxTree);
  const root = isNode(parsed) ? parsed : {};
  if (root["error"] === true) throw invalid(String(root["error_message"]));
  const statements = root["statements"];
  if (!Array.isArray(statements) || statements.length !== 1)
    throw invalid("One statement at a time");
  check(statements, new Set([...tables].map((table) => table.toLowerCase())));
}

/** Checks what is below with the names that stand for something there: elsewhere the name of a WITH may be a system table's, or a view's of another query. */
function check(value: unknown, names: ReadonlySet<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) check(item, names);
  } else if (isNode(value)) {
    checkNode(value, names);
    const { cte_map: given, ...parts } = value;
    const known = new Set(names);
    // A WITH sees those before it, and the query all of them.
    for (const { name, query } of ctes(given)) {
      check(query, known);
      known.add(name);
    }
    for (const [part, below] of Object.entries(parts)) {
      const seesItself = value["type"] === "RECURSIVE_CTE_NODE" && part === "right";
      check(below, seesItself ? new Set([...known, nameOf(value["cte_name"])]) : known);
    }
  }
}

type Node = Readonly<Record<string, unknown>>;

function checkNode(node: Node, allowed: ReadonlySet<string>): void {
  switch (String(node["type"])) {
    case "BASE_TABLE": {
      const table = String(node["table_name"]);
      const qualified = node["schema_name"] !== "" || node["catalog_name"] !== "";
      if (qualified || !allowed.has(table.toLowerCase())) {
        throw invalid(`The query does not declare the table ${table}`);
      }
      return;
    }
    case "TABLE_FUNCTION": {
      const call = node["function"];
      const called = isNode(call) ? String(call["function_name"]).toLowerCase() : "";
      if (!harmlessTableFunctions.has(called))
        throw invalid(`${called} is not a table of the lake`);
      return;
    }
    case "SHOW_REF":
      throw invalid("DESCRIBE and SHOW cannot be queried");
    case "FUNCTION":
      if (forbiddenFunctions.has(String(node["function_name"]).toLowerCase())) {
        throw invalid(`The function ${String(node["function_name"])} is not allowed`);
      }
      return;
    default:
  }
}

/** The queries of a WITH by name, in order: the entries of a `cte_map`. */
function ctes(map: unknown): ReadonlyArray<{ readonly name: string; readonly query: unknown }> {
  const entries = isNode(map) ? map["map"] : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) =>
    isNode(entry) ? [{ name: nameOf(entry["key"]), query: entry["value"] }] : [],
  );
}

function nameOf(identifier: unknown): string {
  return String(identifier).toLowerCase();
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): EcapError {
  return new EcapError("ECAP_QUERY_INVALID", message);
}
