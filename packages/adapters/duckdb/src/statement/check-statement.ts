import { EcapError } from "@ecap/sdk";
import { sizeProblem } from "./check-size.ts";

/** Table functions that make rows out of nothing but their arguments. */
const harmlessTableFunctions = new Set(["unnest", "generate_series", "range"]);
/** Scalar functions that tell about the process, the session or the catalogue, that change them, or that only wait. */
const forbiddenFunctions = new Set([
  "currval",
  "format_type",
  "get_block_size",
  "getenv",
  "getvariable",
  "in_search_path",
  "json_execute_serialized_sql",
  "nextval",
  "parse_duckdb_log_message",
  "setseed",
  "sleep_ms",
  "stats",
  "txid_current",
  "write_log",
]);
/** Of functions that begin so, those that tell a time or a person's name are harmless; the rest tells what the others do. */
const forbiddenBeginnings =
  /^(pg_|duckdb_|pragma_|inet_|has_|current_(?!date$|time$|timestamp$|localtime|user$|role$))/;

/** A declared table as a statement names it. */
export interface TableReference {
  readonly table: string;
  readonly hasAlias: boolean;
  /** The byte of the statement it begins at. */
  readonly at: number;
}

/**
 * Checks a statement by its syntax tree, as `json_serialize_sql` gives it: one SELECT that reads the declared tables and nothing else.
 * So no query reaches a file, a setting or another tenant's rows by naming it. Gives the places where it names tables.
 */
export function checkStatement(
  syntaxTree: string,
  tables: ReadonlySet<string>,
): readonly TableReference[] {
  const parsed: unknown = JSON.parse(syntaxTree);
  const root = isNode(parsed) ? parsed : {};
  if (root["error"] === true) throw invalid(String(root["error_message"]));
  const statements = root["statements"];
  if (!Array.isArray(statements) || statements.length !== 1)
    throw invalid("One statement at a time");
  const references: TableReference[] = [];
  const allowed = new Set([...tables].map((table) => table.toLowerCase()));
  check(statements, { names: allowed, references });
  return references;
}

interface Scope {
  /** Names that stand for something here. */
  readonly names: ReadonlySet<string>;
  readonly references: TableReference[];
}

/** Checks what is below with the names that stand for something there: elsewhere the name of a WITH may be a system table's, or a view's of another query. */
function check(value: unknown, scope: Scope): void {
  if (Array.isArray(value)) {
    for (const item of value) check(item, scope);
  } else if (isNode(value)) {
    checkNode(value, scope);
    const { cte_map: given, ...parts } = value;
    const { references } = scope;
    const known = new Set(scope.names);
    // A WITH sees those before it, and the query all of them.
    for (const { name, query } of ctes(given)) {
      check(query, { names: known, references });
      known.add(name);
    }
    for (const [part, below] of Object.entries(parts)) {
      const seesItself = value["type"] === "RECURSIVE_CTE_NODE" && part === "right";
      const names = seesItself ? new Set([...known, nameOf(value["cte_name"])]) : known;
      check(below, { names, references });
    }
  }
}

type Node = Readonly<Record<string, unknown>>;

function checkNode(node: Node, { names, references }: Scope): void {
  switch (String(node["type"])) {
    case "BASE_TABLE": {
      const table = String(node["table_name"]);
      const qualified = node["schema_name"] !== "" || node["catalog_name"] !== "";
      if (qualified || !names.has(table.toLowerCase())) {
        throw invalid(`The query does not declare the table ${table}`);
      }
      if (node["at_clause"] !== null) throw invalid(`Write ${table} VERSION AS OF 3 instead of AT`);
      references.push({
        table,
        hasAlias: node["alias"] !== "",
        at: Number(node["query_location"]),
      });
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
    case "FUNCTION": {
      const called = nameOf(node["function_name"]);
      if (forbiddenFunctions.has(called) || forbiddenBeginnings.test(called)) {
        throw invalid(`The function ${called} is not allowed`);
      }
      const problem = sizeProblem(called, node["children"]);
      if (problem !== undefined) throw invalid(problem);
      return;
    }
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
