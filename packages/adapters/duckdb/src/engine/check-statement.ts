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
  const allowed = new Set([...tables].map((table) => table.toLowerCase()));
  visit(parsed, (node) => {
    for (const name of cteNames(node)) allowed.add(name.toLowerCase());
  });
  visit(parsed, (node) => checkNode(node, allowed));
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

/** Names that WITH gives: the keys of a `cte_map`. */
function cteNames(node: Node): string[] {
  const ctes = isNode(node["cte_map"]) ? node["cte_map"]["map"] : undefined;
  if (!Array.isArray(ctes)) return [];
  return ctes.flatMap((entry: unknown) => (isNode(entry) ? String(entry["key"]) : []));
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, see);
  } else if (isNode(value)) {
    see(value);
    for (const part of Object.values(value)) visit(part, see);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): EcapError {
  return new EcapError("ECAP_QUERY_INVALID", message);
}
