import { EcapError, type RowCondition } from "@ecap/sdk";
import { checkStatement } from "../statement/check-statement.ts";

type Node = Readonly<Record<string, unknown>>;
type Compare = Extract<RowCondition, { readonly kind: "compare" }>;

/** The statement that an expression is checked as. The line break ends a comment it may close with. */
export const expressionStatement = (expression: string) => `SELECT (${expression}\n)`;

/**
 * What an expression says about single columns, by the syntax tree of its `expressionStatement`, as `json_serialize_sql` gives it.
 * ECAP_QUERY_INVALID where it is not one expression, or reaches beyond the columns of a row.
 */
export function rowCondition(syntaxTree: string): RowCondition {
  checkStatement(syntaxTree, new Set());
  const root: unknown = JSON.parse(syntaxTree);
  const statements = list(node(root)["statements"]);
  const select = node(node(statements[0])["node"]);
  const [expression, ...more] = list(select["select_list"]);
  const isOne =
    more.length === 0 &&
    select["type"] === "SELECT_NODE" &&
    node(select["from_table"])["type"] === "EMPTY" &&
    !select["where_clause"] &&
    list(select["modifiers"]).length === 0;
  if (!isOne)
    throw new EcapError("ECAP_QUERY_INVALID", "A condition is one expression over columns");
  return condition(node(expression));
}

const other: RowCondition = { kind: "other" };

function condition(expression: Node): RowCondition {
  const children = list(expression["children"]).map(node);
  switch (expression["type"]) {
    case "CONJUNCTION_AND":
      return { kind: "and", parts: children.map(condition) };
    case "CONJUNCTION_OR":
      return { kind: "or", parts: children.map(condition) };
    case "OPERATOR_IS_NULL":
    case "OPERATOR_IS_NOT_NULL": {
      const column = columnOf(children[0]);
      const kind = expression["type"] === "OPERATOR_IS_NULL" ? "null" : "not-null";
      return column ? { kind, column } : other;
    }
    case "COMPARE_IN": {
      const [tested, ...values] = children;
      return { kind: "or", parts: values.map((value) => comparison(tested, "=", value)) };
    }
    case "COMPARE_BETWEEN": {
      const [tested, lower, upper] = ["input", "lower", "upper"].map((part) =>
        node(expression[part]),
      );
      return {
        kind: "and",
        parts: [comparison(tested, ">=", lower), comparison(tested, "<=", upper)],
      };
    }
    default: {
      const operator = operators[String(expression["type"])];
      return operator
        ? comparison(node(expression["left"]), operator, node(expression["right"]))
        : other;
    }
  }
}

const operators: Readonly<Record<string, Compare["operator"]>> = {
  COMPARE_EQUAL: "=",
  COMPARE_LESSTHAN: "<",
  COMPARE_LESSTHANOREQUALTO: "<=",
  COMPARE_GREATERTHAN: ">",
  COMPARE_GREATERTHANOREQUALTO: ">=",
};
const mirrored = { "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" } as const;

function comparison(
  left: Node | undefined,
  operator: Compare["operator"],
  right: Node | undefined,
): RowCondition {
  const [column, value] = [columnOf(left), valueOf(right)];
  if (column && value !== undefined) return { kind: "compare", operator, column, value };
  const [turnedColumn, turnedValue] = [columnOf(right), valueOf(left)];
  return turnedColumn && turnedValue !== undefined
    ? { kind: "compare", operator: mirrored[operator], column: turnedColumn, value: turnedValue }
    : other;
}

function columnOf(expression: Node | undefined): readonly string[] | undefined {
  if (expression?.["class"] !== "COLUMN_REF") return undefined;
  return list(expression["column_names"]).map(String);
}

/** A constant, also one that is cast to a date or time; undefined for NULL and for what is not read here. */
function valueOf(expression: Node | undefined): Compare["value"] | undefined {
  if (expression?.["class"] === "CAST") {
    const to = String(node(expression["cast_type"])["id"]);
    return /^(?:DATE|TIMESTAMP.*)$/.test(to) ? valueOf(node(expression["child"])) : undefined;
  }
  if (expression?.["class"] !== "CONSTANT") return undefined;
  const constant = node(expression["value"]);
  const value = constant["value"];
  if (constant["is_null"] === true) return undefined;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value !== "number") return undefined;
  const scale = node(node(constant["type"])["type_info"])["scale"];
  return typeof scale === "number" ? value / 10 ** scale : value;
}

function node(value: unknown): Node {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Node)
    : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
