type Node = Readonly<Record<string, unknown>>;

/** Functions that make a text or a list as long as they are told, and which argument tells them. Within one call of them no limit is looked at. */
const sizeArguments: Readonly<Record<string, number>> = {
  repeat: 1,
  lpad: 1,
  rpad: 1,
  list_resize: 1,
  array_resize: 1,
};
const templates = new Set(["printf", "format"]);
const maxSize = 10_000;

/** What is wrong with how long a result the call asks for; undefined where nothing is. */
export function sizeProblem(called: string, children: unknown): string | undefined {
  const given: readonly unknown[] = Array.isArray(children) ? children : [];
  const at = sizeArguments[called];
  if (at !== undefined) {
    const size = constant(given[at]);
    return typeof size === "number" && size <= maxSize
      ? undefined
      : `${called} takes a number up to ${maxSize}, written out`;
  }
  if (!templates.has(called)) return undefined;
  const template = constant(given[0]);
  return typeof template === "string" && !/\d{5}|\*|\{[^}]*\{/.test(template)
    ? undefined
    : `${called} takes a text, written out, with widths up to 9999`;
}

function constant(node: unknown): unknown {
  if (!isNode(node) || node["class"] !== "CONSTANT") return undefined;
  const { value } = node;
  return isNode(value) ? value["value"] : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
